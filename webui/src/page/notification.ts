/** The page of a target of notifications: its form, a real test, and what was sent. */
import { call } from "../api";
import { checkLine } from "../check";
import { first, h, the } from "../element";
import { keep } from "../keeping";
import type { Type } from "../kept";
import { targetForm, type KnownEvent, type Target } from "../notification";
import { attempt } from "../notice";
import type { Schema } from "../schema";
import "../shell";
import { said } from "../submit";
import { t } from "../text";

interface Answer { ok: boolean; answer: string; code: string; params: Record<string, unknown> }

const { types, schema, events, target } = first<{ types: Type[]; schema: Schema; events: KnownEvent[]; target: Target | null }>();
const { save } = targetForm(the("#fields"), types, schema, events, target);
keep({ save, list: "/notifications", path: "/notifications", kept: target });

document.querySelector("[data-do=send]")?.addEventListener("click", () => void attempt(async () => {
  const lines = the("#checks");
  lines.replaceChildren(h("li", { class: "quiet" }, t("looking")));
  const { ok, answer, code, params } = await call<Answer>("POST", `/notifications/${target?.id ?? ""}/test`);
  const line = ok ? h("li", { "data-level": "green" }, h("span", { class: "light", role: "img", "aria-label": t("light_green") }), h("strong", {}, t("sent")))
    : await checkLine({ code, params, level: "red" });
  if (answer) line.append(h("p", {}, `${t("answer")}: `, h("code", {}, answer)));
  lines.replaceChildren(line);
}, said()));
