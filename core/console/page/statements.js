/* statements - what people have decided and what still stands, and taking it back. */
import { may, organizationPath, pages } from "./api.js";
import { doAsked } from "./acts.js";
import { button, h, more, table, when, words } from "./dom.js";

const PAGE = 200;

export async function showStatements({ organization, kept, again }) {
  const path = organizationPath(organization, "statements");
  const found = await pages(path, { limit: PAGE }, kept.depth);
  const withdraw = (one) => {
    const how = { title: `Withdraw ${one.id}: ${one.about}?`, yes: "Withdraw" };
    const act = async () => {
      if (await doAsked(`${path}/${one.id}/withdraw`, {}, how)) again();
    };
    return may("withdraw") && button("Withdraw …", act, `Withdraw … ${one.id}`);
  };
  return [
    h("h1", {}, "Decisions"),
    found.items.length === 0 && h("p", {}, "Nobody has decided anything that still stands."),
    found.items.length > 0 &&
      table(
        found.items,
        [
          ["Id", (one) => one.id],
          ["When", (one) => when(one.at)],
          ["What", (one) => words(one.type)],
          ["About", (one) => one.about],
          ["By", (one) => one.author],
          ["Why", (one) => one.reason],
          ["Until", (one) => when(one.until)],
          ["Take back", withdraw, "doings"],
        ],
        (one) => one.id,
      ),
    more(found, { kept, again }),
  ];
}
