/** The page of a destination. */
import { destinationForm, type Account, type Destination, type Type } from "../destination";
import { first, the } from "../element";
import { keep } from "../keeping";
import "../shell";
import { t } from "../text";

const { types, accounts, destination } = first<{ types: Type[]; accounts: Account[]; destination: Destination | null }>();
const { save } = destinationForm(the("#fields"), types, accounts, destination);
keep({ save, list: "/destinations", path: "/destinations", kept: destination, detail: t("delete_destination_detail") });
