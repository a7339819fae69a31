// Answers on their way to the server. Each is written into this browser's storage first and removed when the server has
// said that it is on its disk; so neither a closed page, nor a browser or a server that dies, loses one.
//
// Saves of one item form a line: one that was sent is repeated with its own id until it is answered, since the server may
// have it already, and only then comes the next. A save names the version that it is based on; where the item has changed
// elsewhere meanwhile, the server refuses it, and the rater decides.

const LONGEST_WAIT_MS = 4000;
export const REFUSED = new Set([401, 403, 421]); // who asks, or what for, is not known here now: asked again later
export const OF_STUDY = { "x-study": document.body.dataset.study }; // another study may be served here one day

export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Saver {
  constructor(address, prefix, told) {
    this.address = address;
    this.prefix = prefix;
    this.told = told; // {state(word, detail), saved(item, answer), conflict(item, mine, answer), refused(item, message)}
    this.lines = new Map(); // item -> [{save_id, base, entry, sent}]
    this.loose = new Set(); // items whose answers this browser cannot store: its storage is full or switched off
    this.page = newId(); // two tabs keep their unsent answers apart
    this.isBusy = false;
    this.wait = 500;
    this.adopt();
  }

  // Take over what this rater's earlier pages could not send; answers are told apart by their ids, so twice does no harm.
  adopt() {
    for (const key of this.keys()) {
      try {
        const { item, line } = JSON.parse(localStorage.getItem(key));
        const known = this.lines.get(item) ?? [];
        this.lines.set(item, [...known, ...line.map((save) => ({ ...save, sent: true, from: key }))]);
      } catch {
        this.forget(key);
      }
    }
  }

  keys() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(this.prefix)).sort();
    } catch {
      return []; // storage is switched off: answers are still sent at once
    }
  }

  forget(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      /* as above */
    }
  }

  keep(item) {
    const own = (this.lines.get(item) ?? []).filter((save) => !save.from);
    const key = `${this.prefix}${this.page}:${item}`;
    this.loose.delete(item);
    if (!own.length) return this.forget(key);
    try {
      localStorage.setItem(key, JSON.stringify({ item, line: own }));
    } catch {
      this.loose.add(item); // it is still sent, and the page asks not to be closed before
    }
  }

  // Whether closing the page now would lose nothing.
  get isSafe() {
    return this.loose.size === 0;
  }

  // What this browser knows about an item that the server may not know yet.
  unsent(item) {
    return this.lines.get(item)?.at(-1)?.entry;
  }

  get isEmpty() {
    return this.lines.size === 0;
  }

  // Words that are being typed replace those that have not left this page; answers stay apart, so that each can be undone.
  save(item, base, entry, isTyping = false) {
    const line = this.lines.get(item) ?? [];
    if (isTyping && line.at(-1)?.isTyping && !line.at(-1).sent) line.pop();
    line.push({ save_id: newId(), base: line.length ? null : base, entry, isTyping, sent: false });
    this.lines.set(item, line);
    this.keep(item);
    this.told.state("saving");
    this.flush();
  }

  async flush() {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      while (this.lines.size) {
        const [item, line] = this.lines.entries().next().value;
        if (await this.send(item, line)) this.wait = 500;
        else {
          await new Promise((wake) => {
            this.wake = wake;
            setTimeout(wake, this.wait);
          });
          this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
        }
      }
      this.told.state("saved");
    } finally {
      this.isBusy = false;
    }
  }

  // One try at the first of a line. Returns false when it is to be tried again.
  async send(item, line) {
    const first = line[0];
    first.sent = true;
    this.keep(item);
    let answer, body;
    try {
      answer = await post(`${this.address}/items/${item}`, { ...first.entry, base: first.base, save_id: first.save_id });
      body = await answer.json(); // a reply that breaks off is none: it may say "saved" and not which version
    } catch {
      this.told.state("waiting");
      return false;
    }
    if (answer.status >= 500 || REFUSED.has(answer.status)) {
      this.told.state("waiting", body.error);
      return false;
    }
    const mine = line.at(-1).entry;
    this.drop(item, line, answer.ok ? body.version : null);
    if (answer.ok) this.told.saved(item, body);
    else if (answer.status === 409) this.told.conflict(item, mine, body);
    else this.told.refused(item, body.error ?? `The server answered ${answer.status}.`);
    return true;
  }

  // The first has been answered. Where it was refused, those behind it are void, too: the rater decides about the last.
  drop(item, line, version) {
    const gone = line.splice(0, version === null ? line.length : 1);
    if (line.length) line[0].base ??= version;
    else this.lines.delete(item);
    for (const save of gone) if (save.from && !line.some((one) => one.from === save.from)) this.forget(save.from);
    this.keep(item);
  }

  // Resolves when nothing is left to send.
  async settled() {
    while (!this.isEmpty) {
      this.flush();
      await new Promise((wake) => setTimeout(wake, 30));
    }
  }
}

export const patience = () => AbortSignal.timeout(20_000); // a server that hangs is as good as one that is gone

export async function post(address, body) {
  const headers = { "content-type": "application/json", ...OF_STUDY };
  return fetch(address, { method: "POST", headers, body: JSON.stringify(body), signal: patience() });
}

// Asked with one id until it is answered: where only the reply was lost, it is not taken back twice.
export async function takenBack(address, save_id, waiting) {
  for (let wait = 500; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      const answer = await post(`${address}/undo`, { save_id });
      const body = await answer.json();
      if (answer.status < 500 && !REFUSED.has(answer.status)) return body;
    } catch {
      /* no reply, or one that broke off */
    }
    waiting();
    await new Promise((wake) => setTimeout(wake, wait));
  }
}
