import { invalid, show } from "../../errors/posta-error.js";
import { maskAllNumbers, maskDigits } from "../../telemetry/log/phone-numbers.js";

const e164 = /^\+?([1-9]\d{7,14})$/;
/** An error shows at most this many characters of a text that is not a phone number. */
const maxShown = 64;

/** A number in E.164, without its "+". Throws invalid; the error shows no more than its last four digits. */
export function parsePhoneNumber(text: string, field: string): string {
  if (text === "") throw invalid(field, "is required");
  const [, digits] = e164.exec(text) ?? [];
  if (digits !== undefined) return digits;
  throw invalid(
    field,
    `${show(hideDigits(maskAllNumbers(text.slice(0, maxShown))))} is not E.164: 8 to 15 digits, the first not 0, "+" before or not`,
  );
}

/** Hides all but the last four digits of a text with seven or more digits, whatever is between them. */
function hideDigits(text: string): string {
  const digits = text.replace(/\D/g, "").length;
  return digits < 7 ? text : maskDigits(text);
}
