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

export function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, (sign) =>
    sign === "\u007f" ? "\u2421" : String.fromCharCode(0x2400 + sign.charCodeAt(0)),
  );
}

// A text with its heading; an empty one says so, a very long one is unfolded on demand.
export function section(title, text, kind, emptyWord) {
  const made = element("section", { class: `text ${kind}` }, element("h2", {}, title));
  if (!text) {
    made.append(element("p", { class: "faint" }, emptyWord));
    return made;
  }
  const shown = visible(text);
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
