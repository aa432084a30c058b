// Asks the HTTP API of the same origin. A refusal is thrown with the code of the problem.

const PREFIX = "/api/v1"

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.code)
    this.status = status
    this.code = problem.code
    this.current = problem.current
    this.waitS = problem.waitS
  }
}

export async function ask(method, path, { body, token, keepalive = false } = {}) {
  const headers = {}
  if (body !== undefined) headers["content-type"] = "application/json"
  if (token) headers["x-lock-token"] = token
  let answer
  try {
    answer = await fetch(PREFIX + path, {
      method, headers, keepalive, credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch {
    throw new Refused(0, { code: "unreachable" })
  }
  if (answer.status === 204) return null
  const content = await answer.json().catch(() => ({}))
  if (answer.ok) return content
  throw new Refused(answer.status, {
    code: codeOf(answer.status, content),
    current: content.current,
    waitS: Number(answer.headers.get("retry-after")) || 0,
  })
}

// The picture of a page as a URL of this tab: answers are never kept by the browser.
export async function picture(path) {
  const answer = await fetch(PREFIX + path, { credentials: "same-origin" })
  if (!answer.ok) throw new Refused(answer.status, { code: codeOf(answer.status, {}) })
  return URL.createObjectURL(await answer.blob())
}

function codeOf(status, content) {
  if (typeof content.type === "string") return content.type.split(":").pop()
  return status === 401 ? "not_signed_in" : "unreachable"
}
