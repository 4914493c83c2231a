import { invalid, show } from "../errors.js";

const e164 = /^\+?([1-9]\d{7,14})$/;
/** What is looked at of a text that is no number. */
const maxShown = 64;

/** A number in E.164, without its "+". Throws invalid; the error shows no more than its last four digits. */
export function parsePhoneNumber(text: string, field: string): string {
  if (text === "") throw invalid(field, "is required");
  const [, digits] = e164.exec(text) ?? [];
  if (digits !== undefined) return digits;
  throw invalid(
    field,
    `${show(hidePhoneNumber(text))} is not E.164: 8 to 15 digits, the first not 0, "+" before or not`,
  );
}

/** A text as a log may have it: of its digits the last four stay. */
export function hidePhoneNumber(text: string): string {
  return text.slice(0, maxShown + 1).replace(/\d(?=(?:\D*\d){4})/g, "x");
}
