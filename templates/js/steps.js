// The steps inside a call, with those folded away that keep the shape.

/** Return `from -> to` of a call or op as an element. */
function typesElement([from, to]) {
  const span = make("span", { class: "types" });
  const type = (id) => { const value = trace.value(id); return shapeElement(value.dtype, value.dims); };
  if (from >= 0 && to >= 0 && trace.type(from) !== trace.type(to)) span.append(type(from), " → ", type(to));
  else if (to >= 0) span.append(type(to));
  else if (from >= 0) span.append(type(from));
  return span;
}

/** Return the parts of a call in the order of the run: inner calls (repeats as one) and own ops. */
function partsOf(call) {
  const record = trace.calls[call];
  const parts = [];
  const seen = new Set();
  for (const child of record.children) {
    const repeat = trace.repeatOf.get(child);
    if (!repeat) parts.push({ kind: "call", id: child, at: trace.calls[child].first, types: trace.callTypes(child) });
    else if (!seen.has(repeat.id)) {
      seen.add(repeat.id);
      const last = repeat.calls[repeat.calls.length - 1];
      parts.push({ kind: "repeat", id: repeat.id, at: trace.calls[child].first, types: [trace.callTypes(child)[0], trace.callTypes(last)[1]] });
    }
  }
  for (const op of record.ops) parts.push({ kind: "op", id: op, at: op, types: trace.opTypes(op) });
  return parts.sort((a, b) => a.at - b.at);
}

/** Return a list of the steps in a call. */
function stepsElement(call) {
  const list = make("ol");
  let kept = [];
  const flush = () => {
    if (!kept.length) return;
    const hidden = kept;
    const row = make("li");
    row.append(make("button", { type: "button", class: "kept", click: () => row.replaceWith(...hidden.map(stepElement)) }, words("steps-keep", { n: hidden.length })));
    list.append(row);
    kept = [];
  };
  for (const part of partsOf(call)) {
    if (trace.changes(part.types)) { flush(); list.append(stepElement(part)); } else kept.push(part);
  }
  flush();
  return list;
}

function stepElement(part) {
  const row = make("li");
  const line = make("div", { class: "step" });
  row.append(line);
  if (part.kind === "op") {
    const op = trace.op(part.id);
    line.append(link(op.selector, op.target), typesElement(part.types), make("span", { class: "where" }, trace.sourcePlace(op.source)));
    return row;
  }
  const repeat = part.kind === "repeat" ? trace.repeats[part.id] : null;
  const call = trace.calls[repeat ? repeat.calls[0] : part.id];
  if (call.children.length || call.ops.length) line.append(opener(row, () => stepsElement(call.id)));
  const name = call.method === "forward" ? call.path.split(".").slice(/\d$/.test(call.path) ? -2 : -1).join(".") : `${call.method}()`;
  line.append(link(repeat ? repeat.selector : call.selector, repeat ? `${repeat.label} × ${repeat.calls.length}` : name || "."), typesElement(part.types), make("span", { class: "where" }, call.class));
  if (repeat) for (const [odd, why] of repeat.odd) row.append(make("div", { class: "odd" }, link(trace.calls[odd].selector), ` ${words("differs")}: ${why}`));
  return row;
}

/** Return a button that opens and closes what `content` makes, below `row`. */
function opener(row, content) {
  let shown = null;
  const button = make("button", { type: "button", class: "open", "aria-expanded": "false", "aria-label": words("inside"), click: () => {
    if (shown) { shown.remove(); shown = null; } else { shown = content(); row.append(shown); }
    button.textContent = shown ? "▾" : "▸";
    button.setAttribute("aria-expanded", String(Boolean(shown)));
  } }, "▸");
  return button;
}

/** Fill the steps of sections when they are first opened. */
function watchSteps() {
  for (const details of all("details.steps")) {
    details.addEventListener("toggle", () => {
      const rows = details.querySelector(".rows");
      if (!details.open || rows.childElementCount || !trace) return;
      for (const selector of details.dataset.calls.split("\n")) {
        const target = trace.find(selector);
        const call = target?.kind === "call" ? target.id : target?.kind === "repeat" ? trace.repeats[target.id].calls[0] : -1;
        if (call < 0) continue;
        rows.append(make("div", { class: "step" }, link(trace.calls[call].selector, selector), typesElement(trace.callTypes(call))), stepsElement(call));
      }
    });
  }
}
