// Annotations as shapes: where they are, how they move, how they look. Fractions of the page.

import { svg } from "./dom.js"

export const WIDTH = 1000
const SMALLEST = 0.008
const PLACED = {
  TICK: [0.035, 0.025], CROSS: [0.03, 0.022],
  COMMENT: [0.2, 0.03], ERROR: [0.2, 0.03], BONUS: [0.2, 0.03], HIGHLIGHT: [0.2, 0.02],
}

const within = (value, low, high) => Math.min(high, Math.max(low, value))
const rounded = value => Math.round(value * 1e6) / 1e6

export function shape(kind, page, rect, strokes = []) {
  return { page, ...rect, kind, text: "", points: null, strokes }
}

// The rectangle dragged from one point to another; a mere click places one of a usual size.
export function dragged(kind, from, to) {
  const x = Math.min(from.x, to.x), y = Math.min(from.y, to.y)
  const w = Math.abs(from.x - to.x), h = Math.abs(from.y - to.y)
  if (w > SMALLEST && h > SMALLEST / 2) return fitted({ x, y, w, h })
  const [width, height] = PLACED[kind]
  const isCentred = kind === "TICK" || kind === "CROSS"
  return fitted({
    x: from.x - (isCentred ? width / 2 : 0), y: from.y - height / 2, w: width, h: height,
  })
}

function fitted({ x, y, w, h }) {
  return {
    x: rounded(within(x, 0, 1 - w)), y: rounded(within(y, 0, 1 - h)), w: rounded(w), h: rounded(h),
  }
}

export function around(strokes) {
  const xs = strokes.flat().map(([x]) => x), ys = strokes.flat().map(([, y]) => y)
  const x = Math.min(...xs), y = Math.min(...ys)
  return fitted({ x, y, w: Math.max(...xs) - x, h: Math.max(...ys) - y })
}

export function moved(value, dx, dy) {
  const x = within(value.x + dx, 0, 1 - value.w), y = within(value.y + dy, 0, 1 - value.h)
  const strokes = value.strokes.map(stroke => stroke.map(([px, py]) => [
    rounded(within(px + x - value.x, 0, 1)), rounded(within(py + y - value.y, 0, 1)),
  ]))
  return { ...value, x: rounded(x), y: rounded(y), strokes }
}

export function resized(value, to) {
  const w = within(to.x - value.x, SMALLEST, 1 - value.x)
  const h = within(to.y - value.y, SMALLEST, 1 - value.y)
  return { ...value, w: rounded(w), h: rounded(h) }
}

export function point(x, y) { return [rounded(within(x, 0, 1)), rounded(within(y, 0, 1))] }

export function drawn(value, height) {
  const [x, y, w, h] = [value.x * WIDTH, value.y * height, value.w * WIDTH, value.h * height]
  const parts = { TICK: tick, CROSS: cross }[value.kind]
  if (parts) return parts(x, y, w, h).map(d => svg("path", { d, class: "ink" }))
  if (value.kind === "FREEHAND") {
    return value.strokes.map(stroke => svg("path", { d: line(stroke, height), class: "ink" }))
  }
  return [svg("rect", { x, y, width: w, height: h, class: value.kind === "HIGHLIGHT" ? "wash" : "ink" })]
}

function tick(x, y, w, h) { return [`M${x} ${y + h * 0.55}L${x + w * 0.38} ${y + h}L${x + w} ${y}`] }

function cross(x, y, w, h) { return [`M${x} ${y}L${x + w} ${y + h}`, `M${x} ${y + h}L${x + w} ${y}`] }

function line(stroke, height) {
  const points = stroke.length > 1 ? stroke : [stroke[0], stroke[0]]
  return "M" + points.map(([x, y]) => `${x * WIDTH} ${y * height}`).join("L")
}
