// The texts of a Chinese page with three English words in a row, outside code, claims, the document and quotes.
() => {
  const ENGLISH = /[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}[,;:]? [A-Za-z]{2,}/;
  const QUOTED = /“[^”]*”|'[^']*'|yellow school bus/g;
  const CODE = ".prose, pre, kbd, math, .claim > summary, .said-title, .failure .what, .title, .name, #statements td, "
    + ".text-part > summary, #corrections li, .symbols, .brand, h1, .sentence";
  const found = [];
  const note = (text) => { if (ENGLISH.test(text.replace(QUOTED, ""))) found.push(text.trim().slice(0, 160)); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    if (!parentElement.closest(`script, style, ${CODE}`) && !/^(count|class|attr|parameters|flops) /.test(data.trim())) {
      note(data);
    }
  }
  for (const name of ["title", "aria-label", "placeholder", "aria-valuetext"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      if (!element.closest(".ticks, .graph, .steps")) note(element.getAttribute(name));
    }
  }
  return found;
}
