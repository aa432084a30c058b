// The tools above the page: each has a letter, a picture and a name.

import { el, svg } from "./dom.js"

const PICTURES = {
  SELECT: "M5 3l14 8-6 2-3 6z",
  COMMENT: "M4 5h16v11h-9l-5 4v-4H4z",
  HIGHLIGHT: "M4 19h16M7 14l8-9 3 3-8 9H7z",
  ERROR: "M4 5h16v14H4zM12 8v5M12 16v.5",
  BONUS: "M4 5h16v14H4zM12 8v8M8 12h8",
  TICK: "M4 13l5 6L20 5",
  CROSS: "M5 5l14 14M19 5L5 19",
  FREEHAND: "M4 20l2-6L16 4l4 4L10 18z",
  UNDO: "M9 6l-5 5 5 5M4 11h10a6 6 0 0 1 0 9h-2",
  REDO: "M15 6l5 5-5 5M20 11H10a6 6 0 0 0 0 9h2",
  DELETE: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  EDIT: "M4 20h16M6 15l9-9 3 3-9 9H6z",
}
export const TOOLS = {
  v: "SELECT", c: "COMMENT", h: "HIGHLIGHT", e: "ERROR", b: "BONUS", t: "TICK", x: "CROSS", f: "FREEHAND",
}

export class Toolbar {
  constructor(sheet, ledger, texts, actions) {
    Object.assign(this, { sheet, ledger, texts })
    this.buttons = new Map()
    const tools = Object.entries(TOOLS).map(([letter, tool]) =>
      this.#button(tool, `${texts[tool]} (${letter.toUpperCase()})`, () => sheet.use(tool)))
    const others = [
      this.#button("EDIT", `${texts.edit} (↵)`, () => sheet.edit()),
      this.#button("DELETE", `${texts.delete} (⌫)`, () => sheet.remove()),
      this.#button("UNDO", `${texts.undo} (Ctrl Z)`, actions.undo),
      this.#button("REDO", `${texts.redo} (Ctrl Y)`, actions.redo),
    ]
    this.node = el("div", { class: "tools", role: "toolbar", "aria-label": texts.tools },
      ...tools, el("span", { class: "gap" }), ...others)
  }

  #button(name, label, onclick) {
    const picture = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" },
      svg("path", { d: PICTURES[name] }))
    const button = el("button", {
      type: "button", class: `tool kind-${name}`, title: label, "aria-label": label, onclick,
    }, picture)
    this.buttons.set(name, button)
    return button
  }

  render() {
    for (const tool of Object.values(TOOLS)) {
      const button = this.buttons.get(tool)
      button.setAttribute("aria-pressed", String(this.sheet.tool === tool))
      button.disabled = tool !== "SELECT" && !this.ledger.isWritable
    }
    const may = this.ledger.isWritable, hasSelected = may && this.sheet.selected !== null
    this.buttons.get("EDIT").disabled = this.buttons.get("DELETE").disabled = !hasSelected
    this.buttons.get("UNDO").disabled = !may || this.ledger.undoable.length === 0
    this.buttons.get("REDO").disabled = !may || this.ledger.redoable.length === 0
  }
}
