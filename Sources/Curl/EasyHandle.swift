import CLibCurl

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One libcurl easy handle, reused for many transfers. Confined to the engine's thread.
final class EasyHandle {
  let pointer: UnsafeMutableRawPointer
  private var body: [UInt8] = []
  private var headers: [String: String] = [:]
  private var maximumBody = 0
  private var takeBody: (@Sendable ([UInt8]) -> Bool)?
  private var acceptsTruncatedBody = false
  private var isTruncated = false
  private var endsWithHeaders = false
  /// The status of the headers being received; below 200 more headers follow.
  private var headerStatus = 0
  private var isOver = false
  private var hasAnswer = false
  /// The deadline for the first byte.
  private var deadline: ContinuousClock.Instant?
  /// The part of a mail that is not sent yet.
  private var unsent: ArraySlice<UInt8> = []
  private var id: UInt64 = 0
  private var lists: [UnsafeMutablePointer<curl_slist>] = []
  private var errorText: UnsafeMutablePointer<CChar>

  init() {
    guard let pointer = curl_easy_init() else { preconditionFailure("libcurl has no memory for a handle") }
    self.pointer = pointer
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
  }

  deinit {
    curl_easy_cleanup(pointer)
    freeLists()
    errorText.deallocate()
  }

  static func identifier(of easy: UnsafeMutableRawPointer) -> UInt64? {
    var raw: UnsafeMutablePointer<CChar>?
    guard shim_curl_get_string(easy, CURLINFO_PRIVATE, &raw) == CURLE_OK, let raw else { return nil }
    return Unmanaged<EasyHandle>.fromOpaque(raw).takeUnretainedValue().id
  }

  func prepare(_ transfer: HTTPTransfer, id: UInt64) {
    curl_easy_reset(pointer)
    freeLists()
    self.id = id
    body = []
    headers = [:]
    isTruncated = false
    endsWithHeaders = transfer.endsWithHeaders
    headerStatus = 0
    isOver = false
    hasAnswer = false
    deadline = transfer.firstByteTimeout.map { .now + .seconds($0) }
    maximumBody = transfer.maximumBody
    takeBody = transfer.takeBody
    acceptsTruncatedBody = transfer.acceptsTruncatedBody
    errorText[0] = 0
    setBasics(transfer)
    if let mail = transfer.mail { setMail(mail, transfer) } else { setRequest(transfer) }
    setCallbacks()
  }

  private func setBasics(_ transfer: HTTPTransfer) {
    shim_curl_set_long(pointer, CURLOPT_NOSIGNAL, 1)
    // Without it, a name look-up that hangs blocks the whole thread when its transfer times out.
    shim_curl_set_long(pointer, CURLOPT_QUICK_EXIT, 1)
    shim_curl_set_long(pointer, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(transfer.connectTimeout))
    shim_curl_set_long(pointer, CURLOPT_TIMEOUT_MS, milliseconds(transfer.totalTimeout))
    if let seconds = transfer.idleTimeout {
      shim_curl_set_long(pointer, CURLOPT_LOW_SPEED_LIMIT, 1)
      shim_curl_set_long(pointer, CURLOPT_LOW_SPEED_TIME, max(1, Int(seconds)))
    }
    shim_curl_set_string(pointer, CURLOPT_PROTOCOLS_STR, transfer.mail == nil ? "http,https" : "smtp,smtps")
    shim_curl_set_string(pointer, CURLOPT_PROXY, transfer.proxy ?? "")
    if let path = transfer.unixSocket { shim_curl_set_string(pointer, CURLOPT_UNIX_SOCKET_PATH, path) }
    // libcurl shares a parsed CA store between handles only if no CA directory is set.
    shim_curl_set_string(pointer, CURLOPT_CAPATH, nil)
    if let file = transfer.caFile { shim_curl_set_string(pointer, CURLOPT_CAINFO, file) }
    if !transfer.verifiesCertificates {
      shim_curl_set_long(pointer, CURLOPT_SSL_VERIFYPEER, 0)
      shim_curl_set_long(pointer, CURLOPT_SSL_VERIFYHOST, 0)
    }
    if transfer.usesHTTP11 {
      shim_curl_set_long(pointer, CURLOPT_HTTP_VERSION, shim_curl_http_1_1)
      shim_curl_set_long(pointer, CURLOPT_SSL_ENABLE_ALPN, 0)
    }
    if transfer.wantsCertificates { shim_curl_set_long(pointer, CURLOPT_CERTINFO, 1) }
    if transfer.usesFreshConnection {
      shim_curl_set_long(pointer, CURLOPT_FRESH_CONNECT, 1)
      shim_curl_set_long(pointer, CURLOPT_FORBID_REUSE, 1)
    }
    shim_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText)
    shim_curl_set_pointer(pointer, CURLOPT_PRIVATE, Unmanaged.passUnretained(self).toOpaque())
  }

  private func setRequest(_ transfer: HTTPTransfer) {
    shim_curl_set_string(pointer, CURLOPT_URL, transfer.url)
    if transfer.method == "HEAD" {
      shim_curl_set_long(pointer, CURLOPT_NOBODY, 1)
    } else {
      shim_curl_set_string(pointer, CURLOPT_CUSTOMREQUEST, transfer.method)
    }
    if let bytes = transfer.body {
      shim_curl_set_size(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
      // One extra zero byte, so that an empty body still has an address to copy from.
      (bytes + [0]).withUnsafeBytes { raw in
        let text = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
        _ = shim_curl_set_string(pointer, CURLOPT_COPYPOSTFIELDS, text)
      }
    }
    // "Expect: 100-continue" costs a round trip, and NPM does not need it.
    setList(CURLOPT_HTTPHEADER, transfer.headers.map { "\($0.name): \($0.value)" } + ["Expect:"])
    setList(CURLOPT_RESOLVE, transfer.resolve)
  }

  private func setMail(_ mail: MailEnvelope, _ transfer: HTTPTransfer) {
    shim_curl_set_string(pointer, CURLOPT_URL, transfer.url)
    shim_curl_set_string(pointer, CURLOPT_MAIL_FROM, "<\(mail.from)>")
    // A refused recipient does not prevent delivery to the others.
    shim_curl_set_long(pointer, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1)
    setList(CURLOPT_MAIL_RCPT, mail.to.map { "<\($0)>" })
    if let user = mail.user { shim_curl_set_string(pointer, CURLOPT_USERNAME, user) }
    if let password = mail.password { shim_curl_set_string(pointer, CURLOPT_PASSWORD, password) }
    shim_curl_set_long(pointer, CURLOPT_USE_SSL, Int(mail.requiresTLS ? shim_curl_ssl_all : shim_curl_ssl_try))
    unsent = (transfer.body ?? [])[...]
    shim_curl_set_long(pointer, CURLOPT_UPLOAD, 1)
    shim_curl_set_read(
      pointer,
      { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let space = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
        return Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue().send(into: space)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func send(into space: UnsafeMutableRawBufferPointer) -> Int {
    let part = unsent.prefix(space.count)
    space.copyBytes(from: part)
    unsent = unsent.dropFirst(part.count)
    return part.count
  }

  private func setList(_ option: CURLoption, _ lines: [String]) {
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines { list = curl_slist_append(list, line) }
    guard let list else { return }
    lists.append(list)
    shim_curl_set_list(pointer, option, list)
  }

  private func freeLists() {
    for list in lists { curl_slist_free_all(list) }
    lists = []
  }

  /// The callbacks hold an unretained pointer to this handle, which the engine's tables retain until the transfer ends.
  private func setCallbacks() {
    let context = Unmanaged.passUnretained(self).toOpaque()
    shim_curl_set_write(
      pointer,
      { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
        return Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue().receive(chunk)
      }, context)
    shim_curl_set_header(
      pointer,
      { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
        let goesOn = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue().receiveHeader(line)
        return goesOn ? size * count : 0
      }, context)
  }

  private func receive(_ chunk: UnsafeRawBufferPointer) -> Int {
    if let takeBody, getLong(CURLINFO_RESPONSE_CODE) < 300 { return takeBody(Array(chunk)) ? chunk.count : 0 }
    let space = maximumBody - body.count
    body.append(contentsOf: chunk.prefix(space))
    if chunk.count > space {
      isTruncated = true
      return 0
    }
    return chunk.count
  }

  /// Whether its deadline passed without a first byte.
  func isLate(at now: ContinuousClock.Instant) -> Bool { firstByteDue.map { $0 <= now } ?? false }

  /// nil: the first byte arrived, or only the total timeout applies.
  var firstByteDue: ContinuousClock.Instant? { hasAnswer ? nil : deadline }

  /// The error of a transfer whose first byte did not arrive in time.
  var lateness: TransferError {
    TransferError(
      reason: .timeout, message: "no answer within the time for its first byte", timings: timings,
      mayHaveBeenSent: timings.connected > 0)
  }

  /// Parses a header line; false: end the transfer here.
  private func receiveHeader(_ line: String) -> Bool {
    hasAnswer = true
    if line.hasPrefix("HTTP/") {
      headers = [:]
      headerStatus = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
    isOver = endsWithHeaders && headerStatus >= 200 && line.allSatisfy(\.isNewline)
    guard let colon = line.firstIndex(of: ":") else { return !isOver }
    let value = line[line.index(after: colon)...]
    headers[line[..<colon].lowercased()] = String(value.drop(while: { $0 == " " }).prefix(while: { !$0.isNewline }))
    return true
  }

  func outcome(_ code: CURLcode) -> Result<TransferResult, any Error> {
    if code == CURLE_OK || isOver || (isTruncated && acceptsTruncatedBody) {
      var result = TransferResult(
        status: getLong(CURLINFO_RESPONSE_CODE), headers: headers, body: body, timings: timings,
        remoteAddress: getString(CURLINFO_PRIMARY_IP))
      result.isTruncated = isTruncated
      while let next = shim_curl_get_certificate(pointer, Int32(result.certificates.count)) {
        result.certificates.append(String(cString: next))
      }
      return .success(result)
    }
    let message = errorText[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
    let reason = isTruncated ? TransferError.Reason.tooLarge : reason(of: code)
    let neverConnected =
      timings.connected == 0 && getLong(CURLINFO_NUM_CONNECTS) <= 1 && getLong(CURLINFO_REQUEST_SIZE) == 0
    var failure = TransferError(reason: reason, message: message, timings: timings, mayHaveBeenSent: !neverConnected)
    failure.status = getLong(CURLINFO_RESPONSE_CODE)
    return .failure(failure)
  }

  private func reason(of code: CURLcode) -> TransferError.Reason {
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .resolve
    case CURLE_COULDNT_CONNECT:
      let number = Int32(getLong(CURLINFO_OS_ERRNO))
      return [EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL].contains(number) ? .unreachable : .refused
    case CURLE_OPERATION_TIMEDOUT: return .timeout
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE:
      return .tls
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: return .reset
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2: return .notHTTP
    case CURLE_URL_MALFORMAT: return .badURL
    default: return .other
    }
  }

  private var timings: TransferTimings {
    TransferTimings(
      resolved: seconds(CURLINFO_NAMELOOKUP_TIME_T), connected: seconds(CURLINFO_CONNECT_TIME_T),
      secured: seconds(CURLINFO_APPCONNECT_TIME_T), firstByte: seconds(CURLINFO_STARTTRANSFER_TIME_T),
      total: seconds(CURLINFO_TOTAL_TIME_T))
  }

  private func getLong(_ info: CURLINFO) -> Int {
    var value = 0
    shim_curl_get_long(pointer, info, &value)
    return value
  }

  /// The socket of the open connection; nil: none.
  var activeSocket: Int32? {
    var socket: curl_socket_t = -1
    guard shim_curl_get_socket(pointer, &socket) == CURLE_OK, socket >= 0 else { return nil }
    return Int32(socket)
  }

  private func getString(_ info: CURLINFO) -> String {
    var value: UnsafeMutablePointer<CChar>?
    shim_curl_get_string(pointer, info, &value)
    return value.map { String(cString: $0) } ?? ""
  }

  private func seconds(_ info: CURLINFO) -> Double {
    var value: curl_off_t = 0
    shim_curl_get_size(pointer, info, &value)
    return Double(value) / 1e6
  }

  /// 0: for ever.
  private func milliseconds(_ seconds: Double) -> Int { seconds.isFinite ? max(1, Int(seconds * 1000)) : 0 }
}
