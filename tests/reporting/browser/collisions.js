// What touches a text of a figure: another text, or an arrow; and texts wider than their box. Best none.
() => {
  const found = [];
  for (const part of document.querySelectorAll(".part")) part.style.contentVisibility = "visible";
  for (const details of document.querySelectorAll("details.graph")) details.open = true;
  for (const svg of document.querySelectorAll(".graph .scroll svg")) {
    const texts = [...svg.querySelectorAll("text")].map((text) => ({
      words: text.textContent, box: text.getBBox(), behind: text.parentNode.querySelector(".behind") !== null,
    }));
    texts.forEach(({ words, box: a }, position) => {
      for (const { words: other, box: b } of texts.slice(position + 1)) {
        const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
        const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
        if (across > 1 && down > 2.5) found.push(`"${words}" touches "${other}"`);
      }
    });
    for (const path of svg.querySelectorAll(".edge path")) {
      for (const { words, box, behind } of texts) {
        for (let at = 0; !behind && at <= path.getTotalLength(); at += 2) {
          const { x, y } = path.getPointAtLength(at);
          const across = x > box.x + 0.5 && x < box.x + box.width - 0.5;
          if (across && y > box.y + 1.5 && y < box.y + box.height - 1.5) { found.push(`an arrow runs through "${words}"`); break; }
        }
      }
    }
    for (const text of svg.querySelectorAll(".node text")) {
      const shape = text.closest(".node").querySelector("rect, ellipse");
      if (shape && text.getBBox().width > shape.getBBox().width - 2) found.push(`"${text.textContent}" is wider than its box`);
    }
  }
  return found;
}
