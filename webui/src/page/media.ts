/** The page of a file of the library. */
import { post } from "../api";
import { first } from "../element";
import { attempt } from "../notice";
import "../shell";
import { said } from "../submit";

const { item } = first<{ item: { id: string } }>();
document.querySelector<HTMLButtonElement>("[data-do=probe]")?.addEventListener("click", (event) => {
  const button = event.currentTarget as HTMLButtonElement;
  button.disabled = true;
  void attempt(async () => {
    await post(`/media/${item.id}/probe`);
    location.reload();
  }, said()).finally(() => { button.disabled = false; });
});
