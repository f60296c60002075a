// Asks the server: one file a request, two requests at a time, again when it is busy.

const LANES = 2;
const PATIENCE = 60_000; // milliseconds for one request
const TRIES = 20; // of a request that the server is too busy for
const LONGEST_WAIT = 30; // seconds between two tries

/** Why there is no answer, as a sentence: asking `again` may help, or the file is `unreadable`. */
export class Trouble extends Error {
  constructor(sentence, { again = false, unreadable = false } = {}) {
    super(sentence);
    Object.assign(this, { again, unreadable });
  }
}

export class Queue {
  /** `request(file)` gives the body and headers with which a file is sent; by default it is the field of a form. */
  constructor(url, request = asForm) {
    this.url = url;
    this.request = request;
    this.waiting = [];
    this.busy = 0;
  }

  /** The server's answer for a file. Rejects with `Trouble`, or with an AbortError when `signal` gives it up. */
  ask(file, signal) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ file, signal, resolve, reject });
      this.next();
    });
  }

  async next() {
    if (this.busy >= LANES || !this.waiting.length) return;
    const { file, signal, resolve, reject } = this.waiting.shift();
    this.busy += 1;
    try {
      signal.throwIfAborted();
      resolve(await this.patiently(file, signal));
    } catch (e) {
      reject(e);
    } finally {
      this.busy -= 1;
      this.next();
    }
  }

  async patiently(file, signal) {
    for (let tries = 1; ; tries += 1) {
      const response = await this.send(file, signal);
      if ((response.status !== 503 && response.status !== 429) || tries === TRIES) return read(response, file.name);
      const seconds = Number(response.headers.get("Retry-After")) || 1;
      await pause(1000 * Math.min(seconds, LONGEST_WAIT), signal);
    }
  }

  async send(file, signal) {
    const stop = new AbortController();
    const giveUp = () => stop.abort(signal.reason);
    const clock = setTimeout(() => stop.abort(), PATIENCE);
    signal.addEventListener("abort", giveUp);
    try {
      return await fetch(this.url, { method: "POST", ...this.request(file), signal: stop.signal });
    } catch (e) {
      if (signal.aborted) throw e;
      const late = stop.signal.aborted;
      throw new Trouble(late ? "The server did not answer within a minute." : unreached(), { again: true });
    } finally {
      clearTimeout(clock);
      signal.removeEventListener("abort", giveUp);
    }
  }
}

function asForm(file) {
  const body = new FormData();
  body.append("file", file, file.name);
  return { body };
}

function unreached() {
  return navigator.onLine
    ? "The server could not be reached. Is it still running?"
    : "There is no network connection at the moment.";
}

async function read(response, name) {
  if (response.headers.get("Content-Type")?.startsWith("text/csv")) return table(response, name);
  const said = await response.json().catch(() => ({}));
  const answer = said.answers?.[0];
  if (answer && !answer.error) return { file: name, notes: said.notes, ...answer };
  if (answer) throw new Trouble(answer.error, { unreadable: true });
  const sentence = said.error ?? `The server answered for ${name} with the status ${response.status}.`;
  throw new Trouble(sentence, { again: response.status !== 413 });
}

/** A table that came back with its answers, and what the server says of them. */
async function table(response, file) {
  const [rows, columns, milliseconds] = ["Rows", "Columns", "Milliseconds"].map((n) => Number(response.headers.get(`X-${n}`)));
  const [summary, notes] = ["Summary", "Notes"].map((n) => JSON.parse(response.headers.get(`X-${n}`)));
  return { file, rows, columns, milliseconds, summary, notes, csv: await response.text() };
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
