// Sizes with a name: all of a kind light up under the pointer, and a click says where the number comes from.

/**
 * Return what a symbol stands for.
 * @param {SizeSymbol} symbol
 */
const explained = ({ text, meaning, bound }) => [`${text} ${meaning}`.trim(), bound].filter(Boolean).join(" · ");

/**
 * Return the symbol at the place of an event.
 * @param {Event} event
 */
function symbolAt(event) {
  const dim = around(event, ".d");
  if (dim) return symbolsByName.get(dim.dataset.s ?? dim.textContent ?? "");
  const drawn = around(event, ".graph tspan[class^='y']");
  return drawn ? symbolsBySize.get(Number(drawn.textContent)) : undefined;
}

function watchDims() {
  document.addEventListener("pointerover", (event) => {
    const symbol = symbolAt(event);
    if (symbol && event.target instanceof Element) {
      document.documentElement.dataset.lit = String(symbol.colour);
      showTip(explained(symbol), event.target.getBoundingClientRect());
    } else {
      delete document.documentElement.dataset.lit;
      byId("tip").hidden = true;
    }
  });
  document.addEventListener("click", (event) => {
    const symbol = around(event, "a.symbol, summary") ? undefined : symbolAt(event);
    const plain = around(event, "#inspected .n[data-n]");
    if (!symbol && !plain) return;
    event.preventDefault();
    location.hash = `#size=${symbol ? symbol.size : plain?.dataset.n}`;
  });
}

/**
 * @param {string} text
 * @param {DOMRect} box what it is about
 */
function showTip(text, box) {
  const tip = byId("tip");
  tip.textContent = text;
  tip.hidden = false;
  tip.style.left = `${Math.max(6, Math.min(box.left, window.innerWidth - tip.offsetWidth - 10))}px`;
  tip.style.top = `${box.top > 44 ? box.top - tip.offsetHeight - 6 : box.bottom + 6}px`;
}
