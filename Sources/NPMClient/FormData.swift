import Model

/// Files as multipart/form-data (RFC 7578).
struct FormData {
  var body: [UInt8] = []
  let contentType: String

  /// - Parameter files: field names with the contents of their files.
  init(_ files: [(name: String, text: Secret)]) {
    // It must not occur in the files: no PEM line looks like it.
    let boundary = "reconciler-\(UInt64.random(in: UInt64.min...UInt64.max))"
    contentType = "multipart/form-data; boundary=\(boundary)"
    for (name, text) in files {
      let head =
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"\(name).pem\"\r\n"
        + "Content-Type: application/octet-stream\r\n\r\n"
      body += Array((head + text.reveal() + "\r\n").utf8)
    }
    body += Array("--\(boundary)--\r\n".utf8)
  }
}
