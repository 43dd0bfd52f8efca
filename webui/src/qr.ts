/** A text as a QR code, drawn here: nothing of it leaves the page. */
import { encode } from "uqr";
import { h } from "./element";

const quiet = 4; // modules of margin that readers need (ISO/IEC 18004)

export function qrCode(text: string, label: string): HTMLCanvasElement {
  const { data, size } = encode(text, { ecc: "M", border: 0 });
  const scale = 4;
  const side = (size + 2 * quiet) * scale;
  const canvas = h("canvas", { class: "qr", width: side, height: side, role: "img", "aria-label": label });
  const pen = canvas.getContext("2d");
  if (!pen) return canvas;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = "#000";
  data.forEach((row, y) => row.forEach((dark, x) => { if (dark) pen.fillRect((x + quiet) * scale, (y + quiet) * scale, scale, scale); }));
  return canvas;
}
