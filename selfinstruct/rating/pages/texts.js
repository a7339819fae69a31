// Texts of models as elements: always as text, never as HTML; control characters are made visible.

const LONG = 6000; // characters that are shown at once

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

// White space, characters without width, and letters without ink.
const UNSEEN = /^[\s\p{Z}\p{Cf}\u034f\u115f\u1160\u2800\u3164\uffa0\ufe00-\ufe0f]*$/u;

export function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, (sign) =>
    sign === "\u007f" ? "\u2421" : String.fromCharCode(0x2400 + sign.charCodeAt(0)),
  );
}

function codes(text) {
  const signs = Array.from(text);
  const named = signs.slice(0, 12).map((sign) => `U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`);
  return named.join(" ") + (signs.length > 12 ? ` and ${(signs.length - 12).toLocaleString("en")} more` : "");
}

// A text with its heading; an empty one says so, a very long one is unfolded on demand.
export function section(title, text, kind, emptyWord) {
  const made = element("section", { class: `text ${kind}` }, element("h2", {}, title));
  if (!text) {
    made.append(element("p", { class: "faint" }, emptyWord));
    return made;
  }
  const shown = visible(text);
  if (UNSEEN.test(shown)) {
    made.append(element("p", { class: "faint" }, `Only characters that cannot be seen: ${codes(text)}`));
    return made;
  }
  const block = element("div", { class: "body", dir: "auto" }, shown.slice(0, LONG));
  made.append(block);
  if (shown.length > LONG) {
    const more = element("button", { type: "button", class: "plain" }, `Show all ${shown.length.toLocaleString("en")} characters`);
    more.addEventListener("click", () => {
      block.textContent = shown;
      more.remove();
    });
    made.append(more);
  }
  return made;
}
