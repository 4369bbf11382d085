// Package rest serves the records of a store as a RESTful API over HTTP. [New]
// builds a [Server] from a schema and a store; [Server.Serve] runs it on a
// listener until its context ends, and the server is an [http.Handler] by
// itself for tests and for embedding.
//
// A request passes these places, a file each: server.go wraps it (identifier,
// limits, log, metrics), routes.go finds the resource and its API version,
// negotiate.go settles the form of the answer, read.go and write.go do the
// work through package store, and answer.go sends the body. Whatever goes
// wrong on the way is an error that problem.go turns into an RFC 9457 problem.
// The package knows no SQL and no engine. docs/api.md describes what a client
// sees; a test holds the two together.
package rest
