/** Seven digits and more, with what people put between them. */
const phoneNumber = /\+?\d(?:[ ()-]{0,2}\d){6,}/g;

/** A text as it may be logged and kept: of whatever may be a phone number, only the last four digits stay. */
export function maskNumbers(text: string): string {
  return text.replace(phoneNumber, (number) => `***${number.replace(/\D/g, "").slice(-4)}`);
}
