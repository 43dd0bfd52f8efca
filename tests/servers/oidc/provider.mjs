// A real OpenID provider on loopback: anybody may sign in there with any name; the name is the subject.
// node provider.mjs PORT CLIENT_SECRET REDIRECT_URI
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, secret, redirectUri] = process.argv.slice(2);
const client = {
  client_id: "castcore",
  client_secret: secret,
  redirect_uris: [redirectUri],
  response_types: ["code"],
  grant_types: ["authorization_code"],
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  claims: { openid: ["sub"], profile: ["preferred_username", "name"] },
  cookies: { keys: ["only for tests"] },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: `subject of ${id}`, preferred_username: id, name: `Name ${id}` }),
  }),
});
createServer(provider.callback()).listen(Number(port), "127.0.0.1");
