// Points and remarks, question by question, from the keyboard or by finger.

import { el, said } from "./dom.js"
import { WHOLE, scoreKey } from "./ledger.js"

const EXACT = 10000

export class Panel {
  constructor(ledger, questions, step, texts) {
    Object.assign(this, { ledger, questions, step, texts })
    this.leaves = questions.filter(question => question.takes_points)
    this.fields = new Map()
    this.total = el("p", { class: "total", role: "status" })
    this.whole = this.#remarkField(WHOLE, texts.appreciation, value => ({ text: value }), value => value.text)
    this.node = el("section", { class: "panel", "aria-label": texts.scores },
      ...questions.map(question => this.#row(question)),
      el("div", { class: "question" },
        el("label", { for: "whole" }, texts.appreciation), this.whole, this.#conflictOf(WHOLE)))
    this.whole.id = "whole"
    this.#allow(false)
  }

  #row(question) {
    const name = nameOf(question)
    if (!question.takes_points) return el("h3", { style: `--depth:${question.depth}` }, name)
    const key = scoreKey(question.id), maximum = this.#shown(question.maximum)
    const input = this.#pointsField(question, key)
    const remark = this.#remarkField(
      key, `${this.texts.remark}: ${name}`,
      text => ({ ...this.ledger.get(key), remark: text }), value => value.remark,
    )
    const toggle = el("button", {
      type: "button", class: "square", title: this.texts.remark, "aria-expanded": "false",
      "aria-label": `${this.texts.remark}: ${name}`, onclick: () => this.#toggle(toggle, remark),
    }, "✎")
    this.fields.set(key, { question, input, remark, toggle })
    return el("div", { class: "question", style: `--depth:${question.depth}`, "data-question": question.id },
      el("label", { for: input.id }, name, el("small", {}, ` / ${maximum}`)),
      el("div", { class: "row" },
        this.#stepButton("−", input, key, -1, name), input, this.#stepButton("+", input, key, 1, name),
        el("button", {
          type: "button", class: "square", title: this.texts.full, "aria-label": `${this.texts.full}: ${name}`,
          onclick: () => this.#give(key, input, Number(question.maximum)),
        }, maximum), toggle),
      remark, el("p", { class: "problem", role: "alert", hidden: true }), this.#conflictOf(key))
  }

  #pointsField(question, key) {
    const input = el("input", {
      id: `points-${question.id}`, class: "points", inputmode: "decimal", autocomplete: "off",
      maxlength: 8, placeholder: "–",
      oninput: () => this.ledger.type(`points:${question.id}`, input.value),
      onchange: () => this.#put(key, input),
      onfocus: () => input.select(),
      onkeydown: event => this.#key(event, key, input),
    })
    return input
  }

  #remarkField(key, label, changed, shown) {
    const field = key === WHOLE ? WHOLE : `remark:${key.slice("score:".length)}`
    const area = el("textarea", {
      rows: 2, maxlength: 5000, "aria-label": label, hidden: key !== WHOLE,
      oninput: () => this.ledger.type(field, area.value),
      onkeydown: event => event.stopPropagation(),
      onchange: () => {
        this.ledger.type(field, null)
        this.ledger.change(key, changed(area.value))
      },
    })
    area.show = value => { if (!isBusy(area)) area.value = this.ledger.typed[field] ?? shown(value) }
    return area
  }

  #stepButton(sign, input, key, direction, name) {
    const label = `${sign} ${this.#shown(this.step)}: ${name}`
    return el("button", {
      type: "button", class: "square", "aria-label": label, title: label,
      onclick: () => this.#move(key, input, direction),
    }, sign)
  }

  #toggle(toggle, remark) {
    remark.hidden = !remark.hidden
    toggle.setAttribute("aria-expanded", String(!remark.hidden))
    if (!remark.hidden) remark.focus()
  }

  #key(event, key, input) {
    const moves = { ArrowUp: 1, ArrowDown: -1 }
    if (event.key in moves) this.#move(key, input, moves[event.key])
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      if (this.#put(key, input)) this.focusNext(key)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  // ---- points

  #move(key, input, direction) {
    const { question } = this.fields.get(key)
    const now = read(input.value) ?? 0, next = (units(now) + direction * units(this.step)) / EXACT
    this.#give(key, input, Math.min(Number(question.maximum), Math.max(0, next)))
  }

  #give(key, input, points) {
    input.value = this.#shown(points)
    this.#put(key, input)
  }

  // Puts down what is typed; false when it cannot be given.
  #put(key, input) {
    const { question } = this.fields.get(key), text = input.value.trim()
    const points = text ? read(text) : null
    const problem = input.closest(".question").querySelector(".problem")
    const fault = text ? this.#fault(points, question) : null
    problem.textContent = fault ?? ""
    problem.hidden = !fault
    input.setAttribute("aria-invalid", String(Boolean(fault)))
    if (fault) return false
    this.ledger.type(`points:${question.id}`, null)
    const before = this.ledger.get(key)
    const given = points === null ? null : String(points)
    if (given === null ? before.points !== null : Number(before.points ?? -1) !== points) {
      this.ledger.change(key, { ...before, points: given })
    }
    return true
  }

  #fault(points, question) {
    const values = { maximum: this.#shown(question.maximum), step: this.#shown(this.step) }
    if (points === undefined || points < 0 || points > Number(question.maximum)) {
      return said(this.texts, "bad_points", values)
    }
    return units(points) % units(this.step) ? said(this.texts, "bad_step", values) : null
  }

  #shown(points) { return String(Number(points)).replace(".", this.texts.decimal_mark) }

  // ---- showing

  render() {
    for (const [key, { question, input, remark, toggle }] of this.fields) {
      const value = this.ledger.get(key), typed = this.ledger.typed[`points:${question.id}`]
      const shown = typed ?? (value.points === null ? "" : this.#shown(value.points))
      if (input.value !== shown) input.value = shown
      remark.show(value)
      if (remark.value && remark.hidden && !toggle.isUsed) {
        remark.hidden = false
        toggle.isUsed = true
        toggle.setAttribute("aria-expanded", "true")
      }
    }
    this.whole.show(this.ledger.get(WHOLE))
    this.#allow(this.ledger.isWritable)
    this.#renderConflicts()
    this.#renderTotal()
  }

  #allow(isWritable) {
    for (const node of this.node.querySelectorAll("input, textarea")) node.readOnly = !isWritable
    for (const node of this.node.querySelectorAll("button.square")) node.disabled = !isWritable
  }

  #renderTotal() {
    const given = this.leaves.map(leaf => this.ledger.get(scoreKey(leaf.id)).points)
    const sum = given.reduce((total, points) => total + units(points ?? 0), 0) / EXACT
    const all = this.leaves.reduce((total, leaf) => total + units(leaf.maximum), 0) / EXACT
    const left = given.filter(points => points === null).length
    const rest = left ? said(this.texts, "questions_left", { count: left }) : this.texts.all_given
    const text = `${this.#shown(sum)} / ${this.#shown(all)} · ${rest}`
    if (this.total.textContent !== text) this.total.textContent = text
  }

  get isComplete() { return this.leaves.every(leaf => this.ledger.get(scoreKey(leaf.id)).points !== null) }

  #conflictOf(key) { return el("div", { class: "conflict", role: "alert", "data-conflict": key, hidden: true }) }

  #renderConflicts() {
    for (const place of this.node.querySelectorAll("[data-conflict]")) {
      const item = this.ledger.items.get(place.dataset.conflict)
      place.hidden = !item.conflict
      if (item.conflict) place.replaceChildren(...choice(this.ledger, this.texts, item, describe(item, this)))
      else place.replaceChildren()
    }
  }

  shown(points) { return this.#shown(points) }

  // ---- moving about

  focusFirst() {
    const open = [...this.fields.values()].find(({ question }) =>
      this.ledger.get(scoreKey(question.id)).points === null)
    ;(open ?? this.fields.values().next().value)?.input.focus()
  }

  focusNext(key) {
    const keys = [...this.fields.keys()], next = keys[keys.indexOf(key) + 1]
    if (next) this.fields.get(next).input.focus()
    else this.whole.focus()
  }

  // Puts down what is still being typed; false when some of it cannot be.
  settle() {
    let isFine = true
    for (const [key, { input }] of this.fields) isFine = this.#put(key, input) && isFine
    for (const area of this.node.querySelectorAll("textarea")) area.dispatchEvent(new Event("change"))
    return isFine
  }
}

// The two values of something somebody else changed meanwhile, and what may become of them.
export function choice(ledger, texts, item, theirs) {
  return [
    el("p", {}, said(texts, "stale_version", { theirs })),
    el("button", { type: "button", onclick: () => ledger.settle(item, { keepMine: true }) }, texts.keep_mine),
    el("button", { type: "button", onclick: () => ledger.settle(item, { keepMine: false }) }, texts.take_theirs),
  ]
}

function describe(item, panel) {
  const { points, remark, text } = item.conflict
  const parts = [points === null || points === undefined ? null : panel.shown(points), remark, text]
  return parts.filter(Boolean).join(" · ") || "–"
}

function nameOf({ id, label }) { return [id, label].filter(Boolean).join(" · ") }

function isBusy(field) { return field.getRootNode().activeElement === field }

function read(text) {
  const plain = text.trim().replace(",", ".")
  return /^\d{1,4}(\.\d{1,4})?$|^\.\d{1,4}$/.test(plain) ? Number(plain) : undefined
}

function units(points) { return Math.round(Number(points) * EXACT) }
