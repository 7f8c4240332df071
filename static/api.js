// Calls of the HTTP API, and the login token that they carry.

/** The page's own address, maybe below a proxy's prefix: all other addresses start there. */
export const ROOT = new URL("../", import.meta.url);

const TOKEN_KEY = "aniworld.token"; // in localStorage: all tabs share the login

/** @returns {string | null} the login token, null while nobody is logged in */
export const getToken = () => localStorage.getItem(TOKEN_KEY);

export const setToken = (token) => localStorage.setItem(TOKEN_KEY, token);

/** Whether a storage event tells that another tab has logged in or out. */
export const isTokenChange = (event) => event.key === TOKEN_KEY || event.key === null;

let sessionEndListener = (reason) => {};

/**
 * Set what happens when the token is no longer good.
 * @param {(reason: "ended" | "logout" | "setup") => void} listener
 */
export function onSessionEnd(listener) {
  sessionEndListener = listener;
}

/** Forget the token. "setup" is for a server that has no password yet. */
export function endSession(reason) {
  localStorage.removeItem(TOKEN_KEY);
  sessionEndListener(reason);
}

const GATEWAY_STATUSES = [502, 503, 504]; // of a proxy that does not reach the server

/** A call that the server refused, or that never reached it. */
export class Refusal extends Error {
  /**
   * @param {number} status of HTTP, 0 when no answer came
   * @param {{error?: string, message?: string, details?: any}} answer its message is English
   * @param {number} waitSeconds before the call may be tried again
   */
  constructor(status, answer, waitSeconds) {
    super(answer.message ?? "");
    this.status = status;
    const isReached = status && !GATEWAY_STATUSES.includes(status);
    this.code = answer.error ?? (isReached ? "OTHER" : "NETWORK");
    this.details = answer.details ?? {};
    this.waitSeconds = waitSeconds;
  }
}

/**
 * Call the API.
 * @param {string} method
 * @param {string} path below api/, with its query
 * @param {object | null} [body] sent as JSON
 * @param {{signal?: AbortSignal, headers?: Record<string, string>}} options
 * @returns {Promise<any>} the answer's JSON
 * @throws {Refusal} or an AbortError
 */
export async function callApi(method, path, body, { signal, headers = {} } = {}) {
  const token = getToken();
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(new URL(`api/${path}`, ROOT), {
      method,
      headers,
      signal,
      body: body && JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, { message: error.message }, 0);
  }
  const answer = await response.json().catch(() => ({}));
  signal?.throwIfAborted();
  if (response.ok) return answer;
  const waitSeconds = Number(response.headers.get("Retry-After") ?? 1);
  const refusal = new Refusal(response.status, answer, waitSeconds);
  if (refusal.status === 401) {
    if (refusal.details.setup_required) endSession("setup");
    // A refusal of a field is one of the password in it; and another tab may have a newer token.
    else if (!refusal.details.field && token && token === getToken()) endSession("ended");
  }
  throw refusal;
}
