/** What processes of this machine may have of its memory, in bytes: in a container that is less. */
export function limitOf(machineBytes: number): number {
  // Without a limit it is 0, or more than there is.
  const constrained = process.constrainedMemory() ?? 0;
  return constrained > 0 ? Math.min(constrained, machineBytes) : machineBytes;
}
