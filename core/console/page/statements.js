/* statements - what people have decided and what still stands, and taking it back. */
import { list, organizationPath } from "./api.js";
import { doAsked } from "./acts.js";
import { button, h, table, when, words } from "./dom.js";

export async function showStatements({ organization, again }) {
  const path = organizationPath(organization, "statements");
  const statements = await list(path);
  const withdraw = async (one) => {
    if (
      await doAsked(`${path}/${one.id}/withdraw`, {}, { title: `Withdraw ${one.id}: ${one.about}?`, yes: "Withdraw" })
    )
      again();
  };
  return [
    h("h1", {}, "Decisions"),
    statements.length === 0 && h("p", {}, "Nobody has decided anything that still stands."),
    statements.length > 0 &&
      table(statements, [
        ["Id", (one) => one.id],
        ["When", (one) => when(one.at)],
        ["What", (one) => words(one.type)],
        ["About", (one) => one.about],
        ["By", (one) => one.author],
        ["Why", (one) => one.reason],
        ["Until", (one) => when(one.until)],
        ["", (one) => button("Withdraw …", () => withdraw(one))],
      ]),
  ];
}
