// The marks that begin a line though they should end the one before: what stands around each of them.
() => {
  const CLOSING = "，。；：、！？）】》”";
  const blockOf = (element) => {
    let block = element;
    while (block && ["inline", "contents"].includes(getComputedStyle(block).display)) block = block.parentElement;
    return block;
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let before = null;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest("script, style, svg, pre, #explorer, #tip")) continue;
    for (let at = 0; at < node.length; at += 1) {
      if (/\s/.test(node.data[at])) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const [box] = range.getClientRects();
      if (!box?.width) continue;
      const block = blockOf(node.parentElement);
      const follows = before && block.contains(before.node);
      if (CLOSING.includes(node.data[at]) && follows && box.top > before.box.bottom - 4 && box.left < before.box.right) {
        bad.push(node.data.slice(Math.max(0, at - 15), at + 15));
      }
      before = { node, box };
    }
  }
  return bad;
}
