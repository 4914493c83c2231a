/** What the Cloud API calls its errors, and the HTTP status that each comes with; 400 where none is named. */
const known: Record<number, { title: string; httpStatus?: number }> = {
  0: { title: "AuthException", httpStatus: 401 },
  1: { title: "API Unknown" },
  2: { title: "API Service", httpStatus: 503 },
  4: { title: "API Too Many Calls", httpStatus: 429 },
  33: { title: "Parameter value is not valid" },
  100: { title: "Invalid parameter" },
  190: { title: "Access token has expired", httpStatus: 401 },
  368: { title: "Temporarily blocked for policies violations", httpStatus: 403 },
  2500: { title: "Unknown path components" },
  80007: { title: "Rate limit issues", httpStatus: 429 },
  130429: { title: "Rate limit hit", httpStatus: 429 },
  130497: { title: "Business account is restricted from messaging users in this country", httpStatus: 403 },
  131000: { title: "Something went wrong", httpStatus: 500 },
  131008: { title: "Required parameter is missing" },
  131009: { title: "Parameter value is not valid" },
  131016: { title: "Service unavailable", httpStatus: 500 },
  131021: { title: "Recipient cannot be sender" },
  131026: { title: "Message undeliverable" },
  131030: { title: "Recipient phone number not in allowed list" },
  131031: { title: "Account has been locked", httpStatus: 403 },
  131047: { title: "Re-engagement message" },
  131048: { title: "Spam rate limit hit", httpStatus: 429 },
  131049: { title: "This message was not delivered to maintain healthy ecosystem engagement" },
  131050: { title: "User has stopped receipt of marketing messages" },
  131051: { title: "Unsupported message type" },
  131052: { title: "Media download error" },
  131053: { title: "Media upload error" },
  131056: { title: "(Business Account, Consumer Account) pair rate limit hit", httpStatus: 429 },
  131057: { title: "Account in maintenance mode", httpStatus: 500 },
  132000: { title: "Template Param Count Mismatch" },
  132001: { title: "Template does not exist", httpStatus: 404 },
  132005: { title: "Template Hydrated Text Too Long" },
  132007: { title: "Template Format Character Policy Violated" },
  132012: { title: "Template Parameter Format Mismatch" },
  132015: { title: "Template is Paused" },
  132016: { title: "Template is Disabled" },
  132018: { title: "There was an issue with the parameters in your template" },
  133004: { title: "Server Temporarily Unavailable", httpStatus: 503 },
  133005: { title: "Two step verification PIN Mismatch" },
};

/** A request that is refused: by its code and, where it is not the usual one, its HTTP status. */
export interface Refusal {
  code: number;
  details: string;
  httpStatus?: number;
}

export function titleOf(code: number): string {
  return known[code]?.title ?? "Unknown error";
}

/** The answer, as the Graph API gives it. */
export function toAnswer({ code, details, httpStatus }: Refusal): { status: number; body: object } {
  return {
    status: httpStatus ?? known[code]?.httpStatus ?? 400,
    body: {
      error: {
        message: `(#${code}) ${titleOf(code)}`,
        type: "OAuthException",
        code,
        error_data: { messaging_product: "whatsapp", details },
        fbtrace_id: "Az8or2yhqkZfEZ-_4Qn_Bam",
      },
    },
  };
}
