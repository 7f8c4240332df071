// The way to the server: calls, and the socket that tells what happens.

const TOKEN = "aniworld.token";
const STEADY = 10_000; // milliseconds: a connection that lived that long starts the backoff anew
const SILENCE = 60_000; // of a queue that works: something is wrong

/** Set by app.js: `out(reason)` the token is no longer good, `line(up)` the socket came or went, `message(it)`, `busy()`. */
export const hooks = { out() {}, line() {}, message() {}, busy: () => false };

export const token = () => localStorage.getItem(TOKEN);
export const keep = (value) => localStorage.setItem(TOKEN, value);
export const isToken = (event) => event.key === TOKEN || event.key === null;

/** What the server refused, or did not get. */
export class Refusal extends Error {
  constructor(status, body, wait) {
    super(body.message ?? "");
    Object.assign(this, { status, code: body.error ?? (status ? "OTHER" : "NETWORK"), details: body.details ?? {}, wait });
  }
}

export async function call(method, path, body, { signal, headers = {} } = {}) {
  const mine = token();
  if (mine) headers.Authorization = `Bearer ${mine}`;
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(`api/${path}`, { method, headers, signal, body: body && JSON.stringify(body), credentials: "same-origin" });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Refusal(0, { message: error.message }, 0);
  }
  const data = await answer.json().catch(() => ({}));
  if (answer.ok) return data;
  const refusal = new Refusal(answer.status, data, Number(answer.headers.get("Retry-After") ?? 1));
  if (answer.status === 401 && (refusal.details.setup_required || (mine && mine === token()))) {
    leave(refusal.details.setup_required ? "set up" : "ended");
  }
  throw refusal;
}

/** Forget the token and close the socket. */
export function leave(why) {
  localStorage.removeItem(TOKEN);
  hangUp();
  hooks.out(why);
}

// -- the socket -------------------------------------------------------------------------------------------------------

let socket = null;
let timer = 0;
let watch = 0;
let tries = 0;
let asked = -Infinity;
let renewed = -Infinity;
let direct = false; // with the token as a subprotocol: for where the cookie does not come through

export function connect() {
  hangUp();
  const address = new URL("ws/downloads", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  address.search = address.hash = "";
  const mine = (socket = direct ? new WebSocket(address, ["aniworld.v1", `bearer.${token()}`]) : new WebSocket(address));
  let opened = 0;
  let seq = null;
  mine.onopen = () => (opened = Date.now());
  mine.onmessage = (event) => {
    if (mine !== socket) return;
    const message = JSON.parse(event.data);
    const repeats = message.type === "download_progress" ? 0 : 1;
    watchOut();
    if (message.type === "snapshot") {
      hooks.line(true);
    } else if (seq === null || message.seq > seq + repeats) {
      return connect(); // a gap: the snapshot closes it
    } else if (message.seq < seq + repeats) {
      return; // older than the snapshot, which has it
    }
    seq = message.seq;
    hooks.message(message);
  };
  mine.onclose = (event) => {
    if (mine !== socket) return;
    socket = null;
    clearTimeout(watch);
    if (event.code === 1008) return leave("ended");
    hooks.line(false);
    if (opened && Date.now() - opened > STEADY) tries = 0;
    if (!opened) ask();
    const wait = Math.random() * Math.min(30_000, 1000 * 2 ** tries++);
    timer = setTimeout(connect, event.code === 1013 ? Math.max(5000, wait) : wait);
  };
}

export function hangUp() {
  clearTimeout(timer);
  clearTimeout(watch);
  const old = socket;
  socket = null;
  old?.close();
}

/** A fresh snapshot, not more often than every ten seconds. */
export function renew() {
  if (Date.now() - renewed < STEADY) return;
  renewed = Date.now();
  setTimeout(() => socket && connect(), 1000);
}

/** A refused handshake shows no status: ask for it, not more than once a minute. */
async function ask() {
  if (Date.now() - asked < 60_000) return;
  asked = Date.now();
  try {
    await call("GET", "auth/status");
    direct = !direct;
  } catch {} // 401 has led to the login; anything else: keep trying
}

function watchOut() {
  clearTimeout(watch);
  watch = setTimeout(() => (hooks.busy() ? connect() : watchOut()), SILENCE);
}

function hurry() {
  if (!socket && token() && document.visibilityState === "visible") connect();
}
addEventListener("online", hurry);
document.addEventListener("visibilitychange", hurry);
