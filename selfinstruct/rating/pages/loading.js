// What the server tells: asked until it answers, since a server that is being started again is no reason to give up.

import { OF_STUDY, REFUSED, patience } from "./saving.js";

const LONGEST_WAIT_MS = 4000;

// told: {waiting(why), fault(message)}. A request that makes no sense is not repeated: it is a fault.
export async function asked(path, told) {
  for (let wait = 300; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const answer = await fetch(path, { headers: OF_STUDY, signal: patience() }).catch(() => null);
    const body = await answer?.json().catch(() => null);
    if (answer?.ok && body) return body;
    if (answer && answer.status < 500 && !REFUSED.has(answer.status)) {
      const message = body?.error ?? `The server answered ${answer.status}.`;
      told.fault(message);
      throw new Error(message);
    }
    told.waiting(body?.error);
    await new Promise((wake) => setTimeout(wake, wait));
  }
}

// Items that were fetched, or are being fetched; the next ones are fetched ahead.
export class Items {
  constructor(address, told) {
    this.address = address;
    this.told = told;
    this.asking = new Map(); // item id -> promise
    this.ready = new Map(); // item id -> what the server told about it, with what this page has saved since
  }

  load(id) {
    if (!this.asking.has(id)) {
      const answer = asked(`${this.address}/items/${id}`, this.told);
      this.asking.set(id, answer);
      answer.then((item) => this.ready.set(id, item), () => this.asking.delete(id));
    }
    return this.asking.get(id);
  }

  forget(id) {
    this.asking.delete(id);
    this.ready.delete(id);
  }
}
