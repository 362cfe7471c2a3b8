// Loads the scripts that know no page, as the page does: all of them in one function. Run: node --test FILE

import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../../templates/js/model/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".js"));
const text = files.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
const names = [...text.matchAll(/^(?:function|class|const) (\w+)/gm)].map(([, name]) => name);

/** Everything that the scripts of `templates/js/model` declare, by name. */
export const model = new Function(`"use strict";\n${text}\nreturn { ${names.join(", ")} };`)();
