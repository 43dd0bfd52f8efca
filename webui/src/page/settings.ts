/** The settings of the server: one form from the schema that the API validates with. */
import { call } from "../api";
import { first, h, the } from "../element";
import { Form } from "../form";
import { notice } from "../notice";
import type { Schema } from "../schema";
import "../shell";
import { onSubmit, said } from "../submit";
import { t } from "../text";

const { settings, schema } = first<{ settings: Record<string, unknown>; schema: Schema }>();
const groups: [string, (name: string) => boolean][] = [
  ["part_general", (name) => !name.startsWith("oidc_")],
  ["part_oidc", (name) => name.startsWith("oidc_")],
];
const forms = groups.map(([title, belongs]) => {
  const properties = Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => belongs(name)));
  const form = new Form({ $defs: schema.$defs, properties }, settings, [], { scope: "settings", kept: true });
  the("#fields").append(h("fieldset", {}, h("legend", {}, t(title)), form.element));
  return form;
});
onSubmit(the<HTMLFormElement>("#form"), said(), async () => {
  await call("PATCH", "/settings", Object.assign({}, ...forms.map((form) => form.read())));
  said().replaceChildren(notice({ message: t("saved"), cause: "", remedy: "" }, "ok"));
  said().scrollIntoView({ block: "nearest" });
}, "");
