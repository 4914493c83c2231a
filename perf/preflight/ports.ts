/** gRPC of the private cluster; its admin port and its gateway follow. One that is compared with it begins at `otherPort`. */
export const port = 21201;
export const otherPort = 21211;
