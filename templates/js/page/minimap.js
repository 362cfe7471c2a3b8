// The picture of the whole as a small map above the contents: boxes and ribbons without texts, and where one is.

const SVG = "http://www.w3.org/2000/svg";

/** Put the map above the contents, where the page has a picture of the whole. */
function startMinimap() {
  const [poster] = all(".poster");
  if (!poster) return;
  const picture = document.querySelector(".picture img")?.getAttribute("src") ?? "";
  for (const image of all("image", poster)) image.setAttribute("href", picture);
  const map = document.createElementNS(SVG, "svg");
  map.setAttribute("class", "minimap");
  map.setAttribute("viewBox", contentOf(poster));
  map.setAttribute("aria-label", words("poster"));
  for (const ribbon of all(".ribbon", poster)) map.append(ribbon.cloneNode());
  for (const station of all(".station", poster)) {
    const [box] = all(".box", station);
    const link = document.createElementNS(SVG, "a");
    if (station.dataset.station) link.setAttribute("href", station.dataset.station);
    const title = document.createElementNS(SVG, "title");
    title.textContent = all("title", station)[0]?.textContent ?? "";
    link.append(title, box.cloneNode());
    map.append(link);
  }
  byId("contents").prepend(map);
}

/**
 * Return the part of a poster between its title and its legend, as a viewBox.
 * @param {Element} poster
 */
function contentOf(poster) {
  const [, , width, height] = (poster.getAttribute("viewBox") ?? "").split(" ").map(Number);
  const tops = all(".box", poster).map((box) => Number(box.getAttribute("y")));
  const bottoms = all(".box", poster).map((box) => Number(box.getAttribute("y")) + Number(box.getAttribute("height")));
  const top = Math.max(0, Math.min(...tops) - 70);
  return `0 ${top} ${width} ${Math.min(height, Math.max(...bottoms) + 70) - top}`;
}

/**
 * Mark the station of a section: its own, or that of the section around it.
 * @param {string | undefined} section
 */
function markStation(section) {
  const order = all("#contents [data-section]");
  const levels = order.map((item) => Number(/level(\d+)/.exec(item.closest("li")?.className ?? "")?.[1] ?? 1));
  const stations = new Map(all(".minimap a").map((link) => [link.getAttribute("href"), link]));
  for (const link of stations.values()) link.removeAttribute("aria-current");
  let at = order.findIndex((item) => item.dataset.section === section);
  while (at >= 0) {
    const station = stations.get(`#${order[at].dataset.section}`);
    if (station) station.setAttribute("aria-current", "true");
    if (station) return;
    const level = levels[at];
    do at -= 1; while (at >= 0 && levels[at] >= level);
  }
}
