/** The page of a user. */
import { call } from "../api";
import { first, the } from "../element";
import { Form } from "../form";
import { keep } from "../keeping";
import type { Kept } from "../kept";
import type { Schema } from "../schema";
import "../shell";
import { t } from "../text";

interface User { id: string; username: string; two_factor: boolean; [key: string]: unknown }

const { user, schema } = first<{ user: User | null; schema: Schema }>();
const properties = { ...schema.properties };
// It can only be taken away, by whoever has lost it and asks an admin.
delete properties.two_factor;
if (user?.two_factor) properties.remove_two_factor = { type: "boolean", title: t("remove_two_factor"), default: false };
const form = new Form({ ...schema, properties }, user ?? {}, [], { scope: "user", kept: user !== null });
the("#fields").append(form.element);

async function save(): Promise<Kept> {
  const { remove_two_factor, password, ...rest } = form.read();
  const body = { ...rest, ...password ? { password } : {}, ...remove_two_factor ? { two_factor: false } : {} };
  return user ? call("PATCH", `/users/${user.id}`, body) : call("POST", "/users", body);
}
keep({ save, list: "/users", path: "/users", kept: user && { ...user, name: user.username, type: "", config: {} } });
