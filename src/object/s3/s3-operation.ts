// The S3 operations that a store makes, under S3's own names, as they are counted and named in messages.

export type S3Operation =
  | "GetBucketVersioning"
  | "GetObject"
  | "HeadObject"
  | "PutObject"
  | "DeleteObject"
  | "DeleteObjects"
  | "ListObjectsV2"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload";

/** The permission that an operation needs, as policies name it. */
export function actionsOf(operation: S3Operation): string {
  switch (operation) {
    case "GetBucketVersioning":
      return "s3:GetBucketVersioning";
    case "GetObject":
    case "HeadObject":
      // Without the second, AWS answers 403 for an object that is not there.
      return "s3:GetObject (for a version s3:GetObjectVersion) and s3:ListBucket";
    case "DeleteObject":
    case "DeleteObjects":
      return "s3:DeleteObject";
    case "ListObjectsV2":
      return "s3:ListBucket";
    case "AbortMultipartUpload":
      return "s3:AbortMultipartUpload";
    case "PutObject":
      return "s3:PutObject (and, for a condition, s3:GetObject)";
    case "CreateMultipartUpload":
    case "UploadPart":
    case "CompleteMultipartUpload":
      return "s3:PutObject";
  }
}
