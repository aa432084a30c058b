// The marking desk: a page to draw on, points beside it. Streamlit mounts it for one copy at a time.

import { el, said } from "./dom.js"
import { Editor } from "./editor.js"
import { Ledger } from "./ledger.js"
import { Panel, choice } from "./panel.js"
import { Sheet } from "./sheet.js"
import { TOOLS, Toolbar } from "./tools.js"

const LEAST_HEIGHT = 460, FOOT = 20
const TAKE = { missing: false, expired: false, locked_by_me: true, token_mismatch: true }

class Desk {
  constructor(host, data, tell) {
    Object.assign(this, { host, data, tell, texts: data.texts })
    this.ledger = new Ledger(data.copy, data.token, () => this.render())
    this.sheet = new Sheet(this.ledger, data.texts, {
      dpi: data.dpi, onEdit: key => this.editor.open(key), onTool: () => this.toolbar?.render(),
    })
    this.editor = new Editor(data.exam, this.ledger, data.texts, key => this.sheet.focus(key))
    this.toolbar = new Toolbar(this.sheet, this.ledger, data.texts, {
      undo: () => this.#goBack("undo"), redo: () => this.#goBack("redo"),
    })
    this.panel = new Panel(this.ledger, data.questions, Number(data.step), data.texts)
    this.pages = el("div", { class: "pages", role: "group", "aria-label": data.texts.pages })
    this.banner = el("div", { class: "banner", role: "alert", hidden: true })
    this.state = el("p", { class: "state", role: "status" })
    this.nextButton = el("button", { type: "button", class: "main", onclick: () => this.next() },
      `${data.texts.next} (Ctrl ↵)`)
    this.node = el("div", { class: "desk" }, this.banner,
      el("div", { class: "paper" }, el("div", { class: "bar" }, this.toolbar.node, this.pages),
        el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": data.texts.page }, this.sheet.node)),
      el("div", { class: "side" }, this.panel.node, this.editor.node,
        el("div", { class: "foot" }, this.panel.total, this.state, this.nextButton)))
    this.listeners = new AbortController()
  }

  async open() {
    this.host.replaceChildren(this.node)
    const options = { signal: this.listeners.signal }
    document.addEventListener("keydown", event => this.#key(event), { ...options, capture: true })
    // Streamlit has letters of its own, for the page around
    this.node.addEventListener("keydown", event => event.stopPropagation(), options)
    window.addEventListener("resize", () => this.#fit(), options)
    window.addEventListener("beforeunload", event => this.#beforeUnload(event), options)
    this.#fit()
    this.#renderPages()
    this.sheet.use("SELECT")
    await this.sheet.show(0)
    try {
      await this.ledger.open(this.data.questions.filter(question => question.takes_points).map(({ id }) => id))
      await this.editor.load()
      this.isOpen = true
    } catch (refusal) {
      this.#say(this.texts[refusal.code] ?? this.texts.unreachable,
        [this.texts.again, () => this.open()])
      return
    }
    this.render()
    if (!matchMedia("(pointer: coarse)").matches) this.panel.focusFirst()
    if (this.data.pages > 1) this.sheet.prefetch(1)
  }

  close() {
    this.listeners.abort()
    this.ledger.close()
    this.sheet.close()
  }

  // ---- showing

  render() {
    if (!this.isOpen) return
    this.sheet.render()
    this.toolbar.render()
    this.panel.render()
    this.#renderBanner()
    this.#renderState()
    this.nextButton.disabled = this.isLeaving
  }

  #renderBanner() {
    const stale = this.ledger.conflicts.find(item => item.kind === "annotation")
    if (this.ledger.lost) this.#renderLost()
    else if (stale) this.#renderStale(stale)
    else this.banner.hidden = true
  }

  #renderLost() {
    const { lost } = this.ledger
    const action = lost in TAKE ? [this.texts.take, () => this.ledger.take({ takeOver: TAKE[lost] })] : null
    const kept = this.ledger.isSaved ? "" : ` ${this.texts.kept_here}`
    this.#say((this.texts[lost] ?? this.texts.unreachable) + kept, action)
  }

  #renderStale(item) {
    if (this.shownConflict === item.conflict && !this.banner.hidden) return
    this.shownConflict = item.conflict
    if (item.value && item.value.page !== this.sheet.page) this.#show(item.value.page)
    const theirs = item.conflict.gone ? this.texts.deleted : item.conflict.text || this.texts[item.conflict.kind]
    this.banner.replaceChildren(...choice(this.ledger, this.texts, item, theirs))
    this.banner.hidden = false
  }

  #say(text, action = null) {
    if (this.saidLast === text && !this.banner.hidden) return
    this.saidLast = text
    this.banner.replaceChildren(el("p", {}, text),
      action ? el("button", { type: "button", onclick: action[1] }, action[0]) : "")
    this.banner.hidden = false
  }

  #renderState() {
    const { ledger, texts } = this
    const invalid = ledger.unsaved.some(item => item.isInvalid)
    let text = ledger.isSaved ? texts.saved : texts.saving
    if (ledger.trouble && !ledger.isSaved) text = texts[ledger.trouble] ?? texts.unreachable
    else if (invalid) text = texts.invalid
    else if (ledger.lost) text = texts.read_only
    if (this.state.textContent !== text) this.state.textContent = text
    this.state.classList.toggle("bad", Boolean(invalid || (ledger.trouble && !ledger.isSaved)))
  }

  #renderPages() {
    this.pages.replaceChildren(...Array.from({ length: this.data.pages }, (_, page) => el("button", {
      type: "button", class: "square", "aria-label": said(this.texts, "page_of", { page: page + 1 }),
      "aria-current": page === this.sheet.page ? "page" : null, onclick: () => this.#show(page),
    }, String(page + 1))))
  }

  #show(page) {
    if (page < 0 || page >= this.data.pages) return
    this.sheet.show(page)
    this.#renderPages()
    if (page + 1 < this.data.pages) this.sheet.prefetch(page + 1)
  }

  #fit() {
    const room = window.innerHeight - this.node.getBoundingClientRect().top - window.scrollY - FOOT
    this.node.style.setProperty("--room", `${Math.max(LEAST_HEIGHT, room)}px`)
  }

  // ---- keys

  #key(event) {
    if (!this.isOpen || event.defaultPrevented) return
    const target = event.composedPath()[0]
    const isInside = event.composedPath().includes(this.node)
    if (!isInside && target !== document.body) return
    const isHandled = event.ctrlKey || event.metaKey ? this.#command(event, target) : this.#plain(event, target)
    if (!isHandled) return
    event.preventDefault()
    event.stopPropagation()
  }

  #command(event, target) {
    const key = event.key.toLowerCase(), isText = target.tagName === "TEXTAREA"
    if (key === "enter") return this.next(), true
    if (isText || this.editor.isOpen) return false
    if (key === "z") return this.#goBack(event.shiftKey ? "redo" : "undo"), true
    if (key === "y") return this.#goBack("redo"), true
    return false
  }

  #plain(event, target) {
    if (event.altKey) return false
    if (event.key === "PageDown") return this.#show(this.sheet.page + 1), true
    if (event.key === "PageUp") return this.#show(this.sheet.page - 1), true
    const isWriting = target.tagName === "TEXTAREA" || (target.tagName === "INPUT" && !target.classList.contains("points"))
    if (isWriting) return false
    const tool = TOOLS[event.key.toLowerCase()]
    if (tool && (tool === "SELECT" || this.ledger.isWritable)) return this.sheet.use(tool), true
    if (event.key === "Escape") return this.sheet.use("SELECT"), true
    return false
  }

  #goBack(way) {
    const key = this.ledger[way]()
    const value = key && this.ledger.get(key)
    if (value?.page !== undefined && value.page !== this.sheet.page) this.#show(value.page)
  }

  // ---- leaving

  async next() {
    if (this.isLeaving) return
    this.editor.done()
    if (this.editor.isOpen || !this.panel.settle()) return
    this.isLeaving = true
    this.render()
    const isAway = await this.ledger.giveBack()
    this.isLeaving = false
    if (isAway || this.ledger.lost === "already_graded") this.tell("next", { copy: this.data.copy, complete: this.panel.isComplete })
    else this.render()
  }

  #beforeUnload(event) {
    if (this.ledger.isSaved) return
    this.ledger.keepUnsaved()
    event.preventDefault()
  }
}

const desks = new WeakMap()

export default function marking({ data, parentElement, setTriggerValue }) {
  const before = desks.get(parentElement)
  const shown = JSON.stringify(data)
  if (before?.shown === shown) return before.leave
  before?.desk.close()
  const host = parentElement.querySelector(".host")
  const desk = new Desk(host, data, (name, value) => setTriggerValue(name, value))
  const leave = () => { desk.close(); desks.delete(parentElement) }
  desks.set(parentElement, { desk, shown, leave })
  desk.open()
  return leave
}
