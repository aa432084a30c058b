// The words and points of one annotation, written or taken from the exam's comment bank.

import { ask } from "./client.js"
import { el } from "./dom.js"

const SHOWN = 9, PAGE = 200
const plain = text => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()

export class Editor {
  constructor(exam, ledger, texts, onClose) {
    Object.assign(this, { path: `/exams/${exam}/comments`, ledger, texts, onClose })
    this.bank = []
    this.words = el("textarea", {
      rows: 3, maxlength: 5000, id: "words", oninput: () => this.#typed(),
      onkeydown: event => this.#key(event),
    })
    this.points = el("input", {
      inputmode: "decimal", id: "words-points", autocomplete: "off", placeholder: "−0,5",
      onkeydown: event => this.#key(event),
    })
    this.list = el("ul", { class: "bank", "aria-label": texts.bank })
    this.message = el("p", { role: "alert", class: "problem", hidden: true })
    this.node = el("dialog", { class: "editor", "aria-label": texts.comment },
      el("label", { for: "words" }, texts.comment), this.words,
      el("div", { class: "row" },
        el("label", { for: "words-points" }, texts.points_beside), this.points,
        el("button", { type: "button", class: "quiet", onclick: () => this.#keep() }, texts.keep)),
      this.message, this.list,
      el("div", { class: "row end" },
        el("button", { type: "button", class: "quiet", onclick: () => this.remove() }, texts.delete),
        el("button", { type: "button", class: "main", onclick: () => this.done() }, texts.done)))
  }

  async load() {
    let cursor = 0
    while (cursor !== null) {
      const page = await ask("GET", `${this.path}?limit=${PAGE}&cursor=${cursor}`)
      this.bank.push(...page.items)
      cursor = page.next
    }
    this.#list()
  }

  open(key) {
    if (this.key) this.done()
    this.key = key
    const value = this.ledger.get(key)
    this.words.value = this.ledger.typed[this.#field] ?? value.text
    this.points.value = value.points === null ? "" : String(Number(value.points)).replace(".", this.texts.decimal_mark)
    this.message.hidden = true
    this.node.show()
    this.#list()
    this.node.scrollIntoView({ block: "nearest" })
    this.words.focus({ preventScroll: true })
  }

  get isOpen() { return this.node.open }

  get #field() { return `text:${this.ledger.items.get(this.key).id ?? this.key}` }

  #typed() {
    this.ledger.type(this.#field, this.words.value)
    this.#list()
  }

  #key(event) {
    event.stopPropagation()
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.done()
    else if (event.key === "Escape") this.done()
    else if (event.altKey && /^[1-9]$/.test(event.key)) this.#take(this.#fitting()[event.key - 1])
    else return
    event.preventDefault()
  }

  done() {
    if (!this.key) return
    const points = this.#readPoints()
    if (points === undefined) return this.#say(this.texts.bad_points_beside)
    const value = this.ledger.get(this.key)
    if (value) this.ledger.change(this.key, { ...value, text: this.words.value.trim(), points })
    this.#close()
  }

  remove() {
    this.ledger.change(this.key, null)
    this.#close()
  }

  #close() {
    const key = this.key
    this.ledger.type(this.#field, null)
    this.ledger.type(`text:${key}`, null)
    this.key = null
    this.node.close()
    this.onClose(key)
  }

  #readPoints() {
    const text = this.points.value.trim().replace(",", ".").replace("−", "-")
    if (!text) return null
    return /^[+-]?\d{1,3}(\.\d{1,4})?$/.test(text) ? String(Number(text)) : undefined
  }

  #say(text) {
    this.message.textContent = text
    this.message.hidden = false
  }

  // ---- the bank

  #fitting() {
    const wish = plain(this.words.value.trim())
    return this.bank.filter(kept => plain(kept.text).includes(wish)).slice(0, SHOWN)
  }

  #list() {
    this.list.replaceChildren(...this.#fitting().map((kept, place) => el("li", {},
      el("button", { type: "button", class: "kept", onclick: () => this.#take(kept) },
        el("kbd", {}, `Alt ${place + 1}`), ` ${kept.text} `,
        kept.points === null ? null : el("b", {}, String(Number(kept.points)).replace(".", this.texts.decimal_mark))),
      el("button", {
        type: "button", class: "quiet", "aria-label": `${this.texts.drop}: ${kept.text}`,
        title: this.texts.drop, onclick: () => this.#drop(kept),
      }, "✕"))))
  }

  #take(kept) {
    if (!kept) return
    this.words.value = kept.text
    if (kept.points !== null) this.points.value = String(Number(kept.points)).replace(".", this.texts.decimal_mark)
    this.done()
  }

  async #keep() {
    const text = this.words.value.trim(), points = this.#readPoints()
    if (!text || text.length > 500) return this.#say(this.texts.bad_comment)
    if (points === undefined) return this.#say(this.texts.bad_points_beside)
    await this.#tell(async () => {
      const kept = await ask("POST", this.path, { body: { text, points } })
      if (!this.bank.some(one => one.id === kept.id)) this.bank.push(kept)
      this.#say(this.texts.kept)
    })
  }

  #drop(kept) {
    return this.#tell(async () => {
      await ask("DELETE", `${this.path}/${kept.id}`)
      this.bank = this.bank.filter(one => one !== kept)
    })
  }

  async #tell(work) {
    try {
      await work()
      this.#list()
    } catch (refusal) {
      this.#say(this.texts[refusal.code] ?? this.texts.unreachable)
    }
  }
}
