/** The sign-in; the field for the second factor appears when the server asks for it. */
import { call, Refusal } from "../api";
import { first, the } from "../element";
import { show } from "../notice";
import "../ready";

const form = the<HTMLFormElement>("#sign-in");
const second = the("#second");
const totp = the<HTMLInputElement>("#totp");
const said = the("#said");

async function signIn(): Promise<void> {
  const data = new FormData(form);
  const credentials = { username: data.get("username"), password: data.get("password"), cookie: true };
  const code = String(data.get("totp") ?? "").replaceAll(" ", "");
  try {
    await call("POST", "/auth/login", code ? { ...credentials, totp: code } : credentials, { stay: true });
    location.assign(first<{ next: string }>().next);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const asked = error.code === "auth.totp_required";
    await show(said, error, asked ? "info" : "error");
    if (asked || error.code === "auth.totp_invalid") {
      second.hidden = false;
      totp.required = true;
      totp.value = "";
      totp.focus();
    } else {
      the<HTMLInputElement>("#password").select();
    }
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = the<HTMLButtonElement>("button[type=submit]", form);
  button.disabled = true;
  void signIn().finally(() => { button.disabled = false; });
});
