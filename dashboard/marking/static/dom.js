// Elements made in one expression.

const SVG = "http://www.w3.org/2000/svg"

export function el(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children)
}

export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children)
}

function filled(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (value === true) node.setAttribute(name, "")
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value)
  }
  node.append(...children.filter(child => child !== null && child !== undefined))
  return node
}

export function said(texts, key, values = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name])
}
