// The page of a copy and what is drawn on it, by mouse, pen, finger or keyboard.

import { picture } from "./client.js"
import { el, said, svg } from "./dom.js"
import { WIDTH, around, dragged, drawn, moved, point, resized, shape } from "./shapes.js"

const SAME_WORD_MS = 1500, NEAR = 0.002, MOST_POINTS = 1900, MOST_STROKES = 190
const HEADROOM = 16, STEP = 0.004, BIG_STEP = 0.02, TOUCH = 44
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

export class Sheet {
  constructor(ledger, texts, { dpi, onEdit, onTool }) {
    Object.assign(this, { ledger, texts, dpi, onEdit, onTool })
    this.tool = "SELECT"
    this.page = 0
    this.selected = null
    this.pictures = new Map()
    this.height = WIDTH * 1.414
    this.image = el("img", { alt: "", draggable: "false" })
    this.ink = svg("svg", { class: "sheet-ink", role: "group", preserveAspectRatio: "none" })
    this.notes = el("div", { class: "notes" })
    this.trouble = el("p", { class: "no-page", role: "alert", hidden: true })
    this.node = el("div", { class: "sheet" }, this.image, this.ink, this.notes, this.trouble)
    this.ink.addEventListener("pointerdown", event => this.#down(event))
    this.ink.addEventListener("pointermove", event => this.#move(event))
    this.ink.addEventListener("pointerup", event => this.#up(event))
    this.ink.addEventListener("pointercancel", () => this.#drop())
    this.ink.addEventListener("dblclick", () => this.edit())
    this.image.addEventListener("load", () => this.#fit())
  }

  async show(page) {
    this.page = page
    this.selected = null
    const alternative = said(this.texts, "page_of", { page: page + 1 })
    this.image.alt = alternative
    this.ink.setAttribute("aria-label", alternative)
    this.render()
    try {
      const url = await this.#picture(page)
      if (this.page !== page) return
      this.image.src = url
      this.trouble.hidden = true
    } catch {
      this.trouble.textContent = this.texts.no_page
      this.trouble.hidden = false
    }
  }

  prefetch(page) { this.#picture(page).catch(() => this.pictures.delete(page)) }

  #picture(page) {
    if (!this.pictures.has(page)) {
      const made = picture(`${this.ledger.path}/pages/${page}?dpi=${this.dpi}`)
      made.catch(() => this.pictures.delete(page))
      this.pictures.set(page, made)
    }
    return this.pictures.get(page)
  }

  close() {
    for (const made of this.pictures.values()) made.then(url => URL.revokeObjectURL(url), () => null)
  }

  #fit() {
    this.height = (WIDTH * this.image.naturalHeight) / this.image.naturalWidth
    this.render()
    this.node.parentElement.scrollTop = firstInk(this.image) * this.node.clientHeight - HEADROOM
  }

  use(tool) {
    this.tool = tool
    this.word = null
    this.ink.dataset.tool = tool
    this.select(null)
    this.onTool()
  }

  // ---- showing

  render() {
    this.ink.setAttribute("viewBox", `0 0 ${WIDTH} ${this.height}`)
    const items = this.ledger.notesOf(this.page)
    const focused = this.ink.getRootNode().activeElement?.dataset?.key
    this.ink.replaceChildren(...items.map(item => this.#group(item, this.#seen(item))))
    this.notes.replaceChildren(...items.map(item => this.#note(item, this.#seen(item))).filter(Boolean))
    if (this.sketch) this.ink.append(svg("g", { class: `kind-${this.sketch.kind}` },
      ...drawn(this.sketch, this.height)))
    if (focused && focused === this.selected) this.focus(focused)
  }

  #seen(item) { return this.drag?.key === item.key ? this.drag.value : item.value }

  #group(item, value) {
    const label = [this.texts[value.kind], value.text].filter(Boolean).join(": ")
    const isSelected = item.key === this.selected
    const group = svg("g", {
      class: `mark kind-${value.kind}${isSelected ? " selected" : ""}`, "data-key": item.key,
      tabindex: 0, role: "button", "aria-pressed": String(isSelected), "aria-label": label,
      onfocus: () => this.select(item.key), onkeydown: event => this.#key(event, item),
    }, this.#target(value), ...drawn(value, this.height))
    if (isSelected) group.append(...this.#frame(value))
    return group
  }

  // What a finger has to hit: never smaller than TOUCH pixels.
  #target(value) {
    const scale = WIDTH / (this.ink.clientWidth || WIDTH)
    const w = Math.max(value.w * WIDTH, TOUCH * scale), h = Math.max(value.h * this.height, TOUCH * scale)
    const x = (value.x + value.w / 2) * WIDTH - w / 2, y = (value.y + value.h / 2) * this.height - h / 2
    return svg("rect", { x, y, width: w, height: h, class: "target" })
  }

  #frame(value) {
    const [x, y, w, h] = [value.x * WIDTH, value.y * this.height, value.w * WIDTH, value.h * this.height]
    const frame = svg("rect", { x: x - 5, y: y - 5, width: w + 10, height: h + 10, class: "frame" })
    if (value.kind === "FREEHAND") return [frame]
    const side = (TOUCH / 2) * (WIDTH / (this.ink.clientWidth || WIDTH))
    return [
      frame,
      svg("rect", { x: x + w - side / 2, y: y + h - side / 2, width: side * 2, height: side * 2,
        class: "corner-target", "data-corner": "true" }),
      svg("rect", { x: x + w - 3, y: y + h - 3, width: 16, height: 16, class: "corner" }),
    ]
  }

  #note(item, value) {
    const points = value.points === null ? "" : `(${Number(value.points) > 0 ? "+" : ""}${this.shownPoints(value.points)})`
    const text = [value.text, points].filter(Boolean).join(" ")
    if (!text) return null
    const isLow = value.y + value.h > 0.93
    const place = isLow ? `bottom:${(1 - value.y) * 100}%` : `top:${(value.y + value.h) * 100}%`
    const side = value.x > 0.6 ? `right:${(1 - value.x - value.w) * 100}%` : `left:${value.x * 100}%`
    const note = el("div", { class: `note kind-${value.kind}` }, text)
    note.style.cssText = `${place};${side}`
    return note
  }

  shownPoints(points) { return String(Number(points)).replace(".", this.texts.decimal_mark) }

  // ---- selecting

  select(key) {
    if (this.selected === key) return
    this.selected = key
    this.render()
    this.onTool()
  }

  focus(key) { this.ink.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true }) }

  remove() {
    if (!this.selected || !this.ledger.isWritable) return
    const key = this.selected
    this.select(null)
    this.ledger.change(key, null)
  }

  edit() {
    if (this.selected && this.ledger.isWritable) this.onEdit(this.selected)
  }

  #key(event, item) {
    const arrow = ARROWS[event.key]
    if (arrow && this.ledger.isWritable) {
      const step = event.shiftKey ? BIG_STEP : STEP
      this.ledger.change(item.key, moved(item.value, arrow[0] * step, arrow[1] * step))
    } else if (event.key === "Enter") this.edit()
    else if (event.key === "Delete" || event.key === "Backspace") this.remove()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  // ---- drawing

  #at(event) {
    const box = this.ink.getBoundingClientRect()
    const [x, y] = point((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height)
    return { x, y }
  }

  #down(event) {
    if (event.button !== 0 || this.pointer !== undefined) return
    if (this.tool === "SELECT") this.#grab(event)
    else if (this.ledger.isWritable) this.#begin(event)
  }

  #grab(event) {
    const key = event.target.closest("[data-key]")?.dataset.key ?? null
    this.select(key)
    if (!key || !this.ledger.isWritable) return
    event.preventDefault()
    this.#hold(event)
    const isCorner = Boolean(event.target.dataset.corner)
    const value = this.ledger.get(key)
    this.drag = { key, from: this.#at(event), start: value, value, isCorner }
    this.focus(key)
  }

  #begin(event) {
    event.preventDefault()
    this.#hold(event)
    const at = this.#at(event)
    this.from = at
    this.sketch = this.tool === "FREEHAND"
      ? shape("FREEHAND", this.page, { x: at.x, y: at.y, w: 0, h: 0 }, [[point(at.x, at.y)]])
      : shape(this.tool, this.page, { x: at.x, y: at.y, w: 0, h: 0 })
  }

  #hold(event) {
    this.pointer = event.pointerId
    this.ink.setPointerCapture(event.pointerId)
  }

  #move(event) {
    if (event.pointerId !== this.pointer) return
    const at = this.#at(event)
    if (this.drag) this.#dragTo(at)
    else if (this.sketch?.kind === "FREEHAND") this.#strokeTo(event)
    else if (this.sketch) Object.assign(this.sketch, rectOf(this.from, at))
    this.render()
  }

  #dragTo(at) {
    const { start, from, isCorner } = this.drag
    this.drag.value = isCorner ? resized(start, at) : moved(start, at.x - from.x, at.y - from.y)
  }

  #strokeTo(event) {
    const stroke = this.sketch.strokes[0]
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const { x, y } = this.#at(each), [lastX, lastY] = stroke.at(-1)
      if (Math.hypot(x - lastX, y - lastY) > NEAR && stroke.length < MOST_POINTS) stroke.push(point(x, y))
    }
  }

  #up(event) {
    if (event.pointerId !== this.pointer) return
    this.pointer = undefined
    if (this.drag) this.#dropAt()
    else if (this.sketch) this.#finish(this.#at(event))
  }

  #dropAt() {
    const { key, value } = this.drag
    this.drag = null
    this.ledger.change(key, value)
    this.render()
  }

  #finish(to) {
    const sketch = this.sketch
    this.sketch = null
    if (sketch.kind === "FREEHAND") { this.#keepStroke(sketch.strokes[0]); return }
    const key = this.ledger.add(shape(sketch.kind, this.page, dragged(sketch.kind, this.from, to)))
    if (sketch.kind === "TICK" || sketch.kind === "CROSS") return
    this.use("SELECT")
    this.select(key)
    if (sketch.kind !== "HIGHLIGHT") this.onEdit(key)
  }

  // Strokes that follow each other at once are one annotation: a word, not letters.
  #keepStroke(stroke) {
    const before = this.word && Date.now() - this.word.at < SAME_WORD_MS ? this.ledger.get(this.word.key) : null
    if (before && before.page === this.page && before.strokes.length < MOST_STROKES) {
      const strokes = [...before.strokes, stroke]
      this.ledger.change(this.word.key, { ...before, ...around(strokes), strokes })
      this.word.at = Date.now()
      return
    }
    const key = this.ledger.add(shape("FREEHAND", this.page, around([stroke]), [stroke]))
    this.word = { key, at: Date.now() }
  }

  #drop() {
    this.pointer = undefined
    this.drag = this.sketch = null
    this.render()
  }
}

// Where the white of a removed header ends, as a fraction of the page.
function firstInk(image) {
  const rows = 200, canvas = Object.assign(document.createElement("canvas"), { width: 8, height: rows })
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.drawImage(image, 0, 0, 8, rows)
  const { data } = context.getImageData(0, 0, 8, rows)
  const at = data.findIndex((value, place) => place % 4 !== 3 && value < 255)
  return at < 0 ? 0 : Math.floor(at / (8 * 4)) / rows
}

function rectOf(from, to) {
  return {
    x: Math.min(from.x, to.x), y: Math.min(from.y, to.y),
    w: Math.abs(from.x - to.x), h: Math.abs(from.y - to.y),
  }
}
