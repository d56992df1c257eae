// Entry module of the thread that hashes passwords.
import bcrypt from "bcryptjs";
import type { PasswordReply, PasswordRequest } from "./bcrypt-passwords.js";
import { runWorker } from "../node-threads.js";

runWorker((context) => {
  context.onMessage((message) => {
    context.post(answer(message as PasswordRequest));
  });
});

function answer(request: PasswordRequest): PasswordReply {
  if (request.kind === "hash") {
    // etcd writes the older name of the same thing.
    const salt = bcrypt.genSaltSync(request.cost).replace("$2b$", "$2a$");
    return bcrypt.hashSync(request.password, salt);
  }
  try {
    return bcrypt.compareSync(request.password, request.hash);
  } catch {
    // A hash of a kind that bcrypt does not have.
    return false;
  }
}
