// What this browser remembers of a rater's wishes; where its storage is switched off, nothing.

export function remembered(what) {
  try {
    return localStorage.getItem(`selfinstruct-rate-${what}:${document.body.dataset.rater}`);
  } catch {
    return null;
  }
}

export function remember(what, value) {
  try {
    localStorage.setItem(`selfinstruct-rate-${what}:${document.body.dataset.rater}`, value);
  } catch {
    /* storage is switched off; then it is asked again */
  }
}
