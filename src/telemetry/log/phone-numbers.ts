/** Seven or more digits, with the separators that people put between them. */
const anyNumber = /\+?\d(?:[ ()-]{0,2}\d){6,}/g;

/** A number with a plus or with a code in brackets. Such a number may have spaces or dashes in it. */
const international = /(?:\+\d|\(\d{2,4}\) ?\d)[\d ().-]{5,22}\d/g;
/** A number in a web address that opens a chat. */
const chat = /(\bwa\.me\/|[?&]phone=)\d{8,15}\b/gi;
/** A number by itself: not part of a UUID, of the name of a queue or job, of a fraction or of a path. */
const bare = /(?<![\w.\-/])\d{8,15}(?![\w-]|\.\d)/g;
/** The text before an id, and the text after an amount. */
const beforeId = /(\bjobs? "?|\b(?:job|message|request)'?s? id "?|POSTA_\w+:? "?)$/;
const afterAmount = /^ ?(bytes|ms|s|B|MiB|KiB)\b/;

/** Hides all digits of a text except the last four. The characters between the digits stay. */
export function maskDigits(text: string): string {
  return text.replace(/\d(?=(?:\D*\d){4})/g, "*");
}

/**
 * Hides every number that may be a phone number, and the number's length: "***" and the last four digits stay. This is
 * for texts from outside, which have no ids of ours. It is better to hide a number too many than one too few.
 */
export function maskAllNumbers(text: string): string {
  return text.replace(anyNumber, (number) => `***${maskDigits(number).replace(/\D/g, "")}`);
}

/** Hides the phone numbers in a line of the log. Ids, times and amounts stay. */
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

/**
 * Whether a number is a time, an id or an amount. No phone number has 10 or 13 digits and begins with 1: such numbers
 * are times, in seconds or milliseconds.
 */
function isOther(number: string, line: string, at: number): boolean {
  if (/^1(\d{9}|\d{12})$/.test(number)) return true;
  return beforeId.test(line.slice(Math.max(0, at - 40), at)) || afterAmount.test(line.slice(at + number.length));
}
