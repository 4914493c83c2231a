/** The BullMQ queue of a sending number. */
export function queueOf(sender: string): string {
  return `posta-whatsapp-${sender}`;
}

/** A message as its job names it: enough to know whether the message may be sent now. */
export interface DeliveryJob {
  id: string;
  recipient: string;
  /** Increases each time that the message goes back into the outbox. A job of an earlier generation does nothing. */
  generation: number;
}

/** What a job carries in Redis. */
export interface JobData {
  to: string;
  /** The generation. */
  turn: number;
}

/** BullMQ does not add a job whose id is already there. So each generation of a message is put into its queue once. */
export function jobIdOf({ id, generation }: Pick<DeliveryJob, "id" | "generation">): string {
  return `${id}-${generation}`;
}

/** The delivery job that a job of BullMQ stands for. */
export function toDeliveryJob(jobId: string, { to, turn }: JobData): DeliveryJob {
  return { id: jobId.slice(0, jobId.lastIndexOf("-")), recipient: to, generation: turn };
}
