// What is written on one copy: what the server has, what it has not yet, and how to take it back.
//
// Each thing (a score, the remark on the whole, an annotation) is an item with a value and the
// version the server knows. Items that differ from what is stored are sent one after the other; one
// that is refused stays as it was typed until a person says what becomes of it.

import { ask } from "./client.js"

const LOST = new Set([
  "missing", "expired", "owner_mismatch", "token_mismatch", "already_locked", "already_graded",
])
const RETRY_MS = 4000, DRAFT_MS = 800, HEARTBEAT_PART = 3
const leaving = new Map()
export const WHOLE = "appreciation"
export const scoreKey = question => `score:${question}`

export class Ledger {
  constructor(copy, token, onChange) {
    this.copy = copy
    this.given = token
    this.path = `/copies/${copy}`
    this.items = new Map()
    this.typed = {}
    this.undoable = []
    this.redoable = []
    this.lost = null
    this.trouble = null
    this.onChange = onChange
    this.made = 0
    this.draftVersion = 0
    this.savedDraft = "{}"
    this.isClosed = false
  }

  // ---- loading, and the lock

  async open(questions) {
    await leaving.get(this.copy)
    const [marks, draft] = await Promise.all([
      ask("GET", `${this.path}/marks`), ask("GET", `${this.path}/draft`),
    ])
    for (const question of questions) {
      this.#store(scoreKey(question), "score", { points: null, remark: "" }, 0)
    }
    for (const score of marks.scores) {
      this.#store(scoreKey(score.question), "score", scoreOf(score), score.version)
    }
    this.#store(WHOLE, "appreciation", { text: marks.appreciation.text }, marks.appreciation.version)
    for (const note of marks.annotations) {
      this.#store(`note:${note.id}`, "annotation", noteOf(note), note.version, note.id)
    }
    this.draftVersion = draft.version
    this.savedDraft = JSON.stringify(draft.content)
    this.typed = { ...draft.content }
    await this.take({ resume: true })
    this.#restoreUnsaved()
  }

  async take({ takeOver = false, resume = false } = {}) {
    const kept = resume ? this.given ?? sessionStorage.getItem(this.#tokenKey) : null
    try {
      const lock = await this.#lock(kept, takeOver)
      this.token = lock.token
      sessionStorage.setItem(this.#tokenKey, lock.token)
      this.lost = null
      this.#beatBefore(lock.expires_at)
    } catch (refusal) {
      await this.#lose(refusal)
    }
    this.onChange()
    this.flush()
  }

  async #lock(kept, takeOver) {
    if (kept) {
      try {
        return await ask("POST", `${this.path}/lock/heartbeat`, { token: kept })
      } catch (refusal) {
        if (!LOST.has(refusal.code)) throw refusal
      }
    }
    return ask("POST", `${this.path}/lock`, { body: { take_over: takeOver } })
  }

  async #lose(refusal) {
    if (!LOST.has(refusal.code)) {
      this.trouble = refusal.code
      this.lost = this.token ? this.lost : refusal.code
      return
    }
    this.lost = refusal.code
    if (refusal.code === "already_locked") {
      const state = await ask("GET", `${this.path}/lock`).catch(() => ({}))
      if (state.mine) this.lost = "locked_by_me"
    }
  }

  #beatBefore(expiresAt) {
    clearTimeout(this.beat)
    const left = new Date(expiresAt) - Date.now()
    this.beat = setTimeout(() => this.#heartbeat(), Math.max(1000, left / HEARTBEAT_PART))
  }

  async #heartbeat() {
    if (this.isClosed || this.lost) return
    try {
      const lock = await ask("POST", `${this.path}/lock/heartbeat`, { token: this.token })
      this.#beatBefore(lock.expires_at)
    } catch (refusal) {
      if (LOST.has(refusal.code)) await this.#lose(refusal)
      else this.beat = setTimeout(() => this.#heartbeat(), RETRY_MS)
    }
    this.onChange()
  }

  get isWritable() { return Boolean(this.token) && !this.lost }

  // ---- what a person does

  get(key) { return this.items.get(key)?.value ?? null }

  notesOf(page) {
    return [...this.items.values()].filter(
      item => item.kind === "annotation" && item.value && item.value.page === page,
    )
  }

  add(value) {
    const key = `new:${++this.made}`
    this.items.set(key, { key, kind: "annotation", value: null, version: 0, id: null, saved: "null" })
    this.change(key, value)
    return key
  }

  change(key, value) {
    const item = this.items.get(key)
    if (JSON.stringify(item.value) === JSON.stringify(value)) return
    this.undoable.push({ key, value: item.value })
    this.redoable = []
    this.#set(item, value)
  }

  undo() { return this.#goBack(this.undoable, this.redoable) }
  redo() { return this.#goBack(this.redoable, this.undoable) }

  #goBack(from, to) {
    const step = from.pop()
    if (!step) return null
    const item = this.items.get(step.key)
    to.push({ key: step.key, value: item.value })
    this.#set(item, step.value)
    return step.key
  }

  #set(item, value) {
    item.value = value
    item.isInvalid = false
    this.onChange()
    this.flush()
  }

  // Text that was typed and not put down yet: kept as the draft.
  type(field, text) {
    if (text === null) delete this.typed[field]
    else this.typed[field] = text
    clearTimeout(this.draftTimer)
    this.draftTimer = setTimeout(() => this.saveDraft(), DRAFT_MS)
    this.onChange()
  }

  // ---- sending

  get unsaved() { return [...this.items.values()].filter(isUnsaved) }
  get conflicts() { return [...this.items.values()].filter(item => item.conflict) }
  get isSaved() { return this.unsaved.length === 0 && JSON.stringify(this.typed) === this.savedDraft }

  flush() {
    this.flushing = (this.flushing ?? Promise.resolve()).then(() => this.#sendAll())
    return this.flushing
  }

  async #sendAll() {
    for (;;) {
      const item = this.isWritable && this.unsaved.find(one => !one.conflict && !one.isInvalid)
      if (!item) break
      if (!(await this.#trySend(item))) break
    }
    this.onChange()
  }

  async #trySend(item) {
    const sent = JSON.stringify(item.value)
    try {
      const stored = await this.#send(item)
      item.version = stored?.version ?? 0
      item.id = item.kind === "annotation" ? stored?.id ?? null : null
      item.saved = sent
      item.doubtful = null
      this.trouble = null
      this.#keepLess()
      return true
    } catch (refusal) {
      return this.#refused(item, refusal)
    }
  }

  async #send(item) {
    if (item.doubtful) await this.#findStored(item)
    const { value, version } = item, token = this.token
    if (item.kind === "score") {
      const question = encodeURIComponent(item.key.slice("score:".length))
      return ask("PUT", `${this.path}/scores/${question}`, { token, body: { ...value, version } })
    }
    if (item.kind === "appreciation") {
      return ask("PUT", `${this.path}/appreciation`, { token, body: { ...value, version } })
    }
    const path = `${this.path}/annotations`
    if (item.id === null) return value ? this.#create(item, path) : null
    if (!value) return ask("DELETE", `${path}/${item.id}?version=${version}`, { token })
    return ask("PUT", `${path}/${item.id}`, { token, body: { ...value, version } })
  }

  async #create(item, path) {
    const body = item.value
    try {
      return await ask("POST", path, { token: this.token, body })
    } catch (refusal) {
      if (!refusal.status || refusal.status >= 500) Object.assign(item, { doubtful: body, saved: "" })
      throw refusal
    }
  }

  // What was sent and never answered may be stored all the same.
  async #findStored(item) {
    const { annotations } = await ask("GET", `${this.path}/marks`)
    const known = new Set([...this.items.values()].map(one => one.id))
    const found = annotations.find(note => !known.has(note.id) && isSame(noteOf(note), item.doubtful))
    if (found) Object.assign(item, { id: found.id, version: found.version })
    item.doubtful = null
  }

  async #refused(item, refusal) {
    if (refusal.code === "stale_version") this.#wasChanged(item, refusal.current ?? {})
    else if (refusal.code === "not_found" && item.id !== null) this.#wasDeleted(item)
    else if (refusal.status === 422 || refusal.status === 413) item.isInvalid = true
    else if (LOST.has(refusal.code)) { await this.#lose(refusal); return false }
    else { this.#tryLater(refusal); return false }
    return true
  }

  #wasChanged(item, current) {
    item.conflict = current
    const isMine = item.value && isSame(valueOf(item.kind, current), item.value)
    if (isMine) this.settle(item, { keepMine: true })
  }

  #wasDeleted(item) {
    Object.assign(item, { id: null, version: 0, saved: "null" })
    if (item.value) item.conflict = { gone: true }
  }

  #tryLater(refusal) {
    this.trouble = refusal.code
    clearTimeout(this.retryTimer)
    if (this.isClosed) return
    this.retryTimer = setTimeout(() => this.flush(), refusal.waitS * 1000 || RETRY_MS)
  }

  settle(item, { keepMine }) {
    const theirs = item.conflict
    item.conflict = null
    if (!theirs.gone) {
      item.version = theirs.version
      item.saved = JSON.stringify(valueOf(item.kind, theirs))
    }
    if (!keepMine) this.change(item.key, theirs.gone ? null : valueOf(item.kind, theirs))
    this.onChange()
    this.flush()
  }

  async saveDraft() {
    clearTimeout(this.draftTimer)
    const content = JSON.stringify(this.typed)
    if (content === this.savedDraft || !this.isWritable) return
    const body = { content: this.typed, version: this.draftVersion }
    try {
      const draft = await ask("PUT", `${this.path}/draft`, { token: this.token, body })
      this.draftVersion = draft.version
      this.savedDraft = content
      this.#keepLess()
    } catch (refusal) {
      await this.#draftRefused(refusal)
    }
    this.onChange()
  }

  async #draftRefused(refusal) {
    if (refusal.code === "stale_version") {
      this.draftVersion = refusal.current.version
      this.typed = { ...refusal.current.content, ...this.typed }
    } else if (LOST.has(refusal.code)) {
      await this.#lose(refusal)
      return
    }
    if (!this.isClosed) this.draftTimer = setTimeout(() => this.saveDraft(), RETRY_MS)
  }

  // ---- leaving

  // Gives the copy back once all is stored; false when something is not.
  async giveBack() {
    await this.flush()
    await this.saveDraft()
    if (!this.isSaved) return false
    await this.#release()
    return true
  }

  async #release() {
    clearTimeout(this.beat)
    sessionStorage.removeItem(this.#tokenKey)
    if (!this.isWritable) return
    const token = this.token
    this.token = null
    await ask("DELETE", `${this.path}/lock`, { token, keepalive: true }).catch(() => null)
  }

  close() {
    this.isClosed = true
    clearTimeout(this.retryTimer)
    clearTimeout(this.beat)
    if (this.isSaved) this.#release()
    else {
      this.keepUnsaved()
      leaving.set(this.copy, Promise.all([this.flush(), this.saveDraft()]))
    }
  }

  // What could not be sent survives a reload of the page, in this tab only.
  keepUnsaved() {
    const kept = this.unsaved.map(({ key, kind, value, id, version }) => ({ key, kind, value, id, version }))
    if (this.isSaved) sessionStorage.removeItem(this.#keptKey)
    else sessionStorage.setItem(this.#keptKey, JSON.stringify({ kept, typed: this.typed }))
  }

  #keepLess() { if (sessionStorage.getItem(this.#keptKey)) this.keepUnsaved() }

  #restoreUnsaved() {
    const text = sessionStorage.getItem(this.#keptKey)
    if (!text) return
    sessionStorage.removeItem(this.#keptKey)
    const { kept, typed } = JSON.parse(text)
    this.typed = { ...this.typed, ...typed }
    const stored = [...this.items.values()]
    for (const { key, value, version, id, kind } of kept) {
      const item = this.items.get(key)
      if (item && !isSame(item.value, value)) {
        item.version = version  // what came since is not written over: the server says so
        this.change(key, value)
      } else if (!item && value && id === null && !stored.some(one => isSame(one.value, value))) {
        this.add(value)
      }
    }
    this.type("", null)
  }

  get #tokenKey() { return `viatique-lock-${this.copy}` }
  get #keptKey() { return `viatique-kept-${this.copy}` }

  #store(key, kind, value, version, id = null) {
    this.items.set(key, { key, kind, value, version, id, saved: JSON.stringify(value) })
  }
}

// Whatever the order and the digits they were written with.
function isSame(one, other) {
  const plain = value => JSON.stringify(value, (key, part) => key === "points" && part !== null ? Number(part) : part)
  return plain(one) === plain(other)
}

function isUnsaved(item) { return JSON.stringify(item.value) !== item.saved }

function scoreOf({ points, remark }) { return { points, remark } }

function noteOf({ page, x, y, w, h, kind, text, points, strokes }) {
  return { page, x, y, w, h, kind, text, points, strokes }
}

function valueOf(kind, stored) {
  if (kind === "score") return scoreOf(stored)
  return kind === "appreciation" ? { text: stored.text } : noteOf(stored)
}
