// The flags that say who a command is to a server, and how it knows the server.
import { Option } from "../commander.js";

/** A password in the environment is seen by fewer than one on the command line. */
export function clientOptions(): Option[] {
  return [
    new Option("--user <name:password>", "who the server knows us as").env("T4_USER"),
    new Option("--cacert <file>", "PEM CAs of the server's certificate; implies https"),
    new Option("--cert <file>", "PEM certificate of the client"),
    new Option("--key <file>", "PEM private key of --cert"),
  ];
}
