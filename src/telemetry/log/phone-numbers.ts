/** Seven digits and more, with what people put between them. */
const anyNumber = /\+?\d(?:[ ()-]{0,2}\d){6,}/g;

/** With a plus or a code in brackets, a number is written with spaces or dashes too. */
const international = /(?:\+\d|\(\d{2,4}\) ?\d)[\d ().-]{5,22}\d/g;
/** In an address that opens a chat. */
const chat = /(\bwa\.me\/|[?&]phone=)\d{8,15}\b/gi;
/** Alone, and not part of a UUID, a queue's or a job's name, a fraction or a path. */
const bare = /(?<![\w.\-/])\d{8,15}(?![\w-]|\.\d)/g;
/** What stands before an id, or after an amount. */
const beforeId = /(\bjobs? "?|\b(?:job|message|request)'?s? id "?|POSTA_\w+:? "?)$/;
const afterAmount = /^ ?(bytes|ms|s|B|MiB|KiB)\b/;

/** Hides every digit of a text but the last four. What stands between the digits stays. */
export function maskDigits(text: string): string {
  return text.replace(/\d(?=(?:\D*\d){4})/g, "*");
}

/**
 * Hides every number of a text that may be a phone number, and its length: "***" and the last four digits stay. For texts of others,
 * which have no ids of ours: a number too many is hidden rather than one too few.
 */
export function maskAllNumbers(text: string): string {
  return text.replace(anyNumber, (number) => `***${maskDigits(number).replace(/\D/g, "")}`);
}

/** Hides the phone numbers of a line of the log, and leaves ids, times and amounts. */
export function maskPhoneNumbers(line: string): string {
  if (!/\d{8}|[+(]\d/.test(line)) return line;
  return line
    .replace(chat, maskDigits)
    .replace(international, (number) => (hasPhoneLength(number) ? maskDigits(number) : number))
    .replace(bare, (number, at: number) => (isOther(number, line, at) ? number : maskDigits(number)));
}

function hasPhoneLength(number: string): boolean {
  const digits = number.replace(/\D/g, "").length;
  return digits >= 8 && digits <= 15;
}

/** No phone number has 10 or 13 digits of which the first is 1: those are times, in seconds or milliseconds. */
function isOther(number: string, line: string, at: number): boolean {
  if (/^1(\d{9}|\d{12})$/.test(number)) return true;
  return beforeId.test(line.slice(Math.max(0, at - 40), at)) || afterAmount.test(line.slice(at + number.length));
}
