package rest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// tagBytes of a SHA-256 make an entity tag: enough that two bodies never share
// one (RFC 9110 section 8.8.1 asks for that of a strong validator).
const tagBytes = 15

// tagOf is the strong entity tag of a body, in its quotes.
func tagOf(body []byte) string {
	const length = tagBytes * 4 / 3 // in base64
	sum := sha256.Sum256(body)
	var tag [length + 2]byte
	tag[0], tag[length+1] = '"', '"'
	base64.RawURLEncoding.Encode(tag[1:], sum[:tagBytes])
	return string(tag[:])
}

// codedTag is the entity tag of a representation in a content coding: each
// coding has its own, since a strong tag stands for bytes (RFC 9110 section
// 8.8.3.3).
func codedTag(tag, coding string) string {
	if coding == "" {
		return tag
	}
	return tag[:len(tag)-1] + "-" + coding + `"`
}

// conditions are the preconditions of a request (RFC 9110 section 13). The
// dates have no part: a record has no date of change.
type conditions struct {
	match, noneMatch []string // the values of the two headers; nil: not given
}

func conditionsOf(r *http.Request) conditions {
	return conditions{match: r.Header["If-Match"], noneMatch: r.Header["If-None-Match"]}
}

// given reports whether there is any.
func (c conditions) given() bool { return c.match != nil || c.noneMatch != nil }

// check evaluates the conditions of a change against the record as it is (nil:
// there is none), in the order of RFC 9110 section 13.2.2. The error is the
// 412 problem.
func (c conditions) check(current []byte) error {
	if !c.given() {
		return nil
	}
	tag := ""
	if current != nil {
		tag = tagOf(current)
	}
	if c.match != nil && !listed(c.match, tag, false) {
		details := "the record has changed since; its ETag is now " + tag
		if current == nil {
			details = "there is no such record"
		}
		return &problem{
			status: http.StatusPreconditionFailed, code: codePrecondition,
			message: "If-Match does not hold", details: details,
			hint: "read the record again and repeat the change on what it is now",
		}
	}
	if c.noneMatch != nil && listed(c.noneMatch, tag, true) {
		return &problem{
			status: http.StatusPreconditionFailed, code: codePrecondition,
			message: "If-None-Match does not hold", details: "there is such a record already",
		}
	}
	return nil
}

// checkMatch evaluates If-Match for a read, whose tag is "" when there is
// nothing to read.
func (c conditions) checkMatch(tag string) error {
	if c.match == nil || listed(c.match, tag, false) {
		return nil
	}
	return &problem{
		status: http.StatusPreconditionFailed, code: codePrecondition,
		message: "If-Match does not hold", details: "the representation has another ETag: " + tag,
	}
}

// notModified reports whether a read may be answered by 304.
func (c conditions) notModified(tag string) bool {
	return c.noneMatch != nil && listed(c.noneMatch, tag, true)
}

// listed reports whether one of the values of If-Match or If-None-Match names
// the tag; "*" names any that exists. A weak tag ("W/") counts only in weak
// comparison (RFC 9110 section 8.8.3.2). The suffix of a content coding is no
// difference: the record behind it is the same.
func listed(values []string, tag string, weak bool) bool {
	if tag == "" {
		return false
	}
	for _, value := range values {
		for len(value) > 0 {
			value = strings.TrimLeft(value, " \t,")
			if strings.HasPrefix(value, "*") {
				return true
			}
			isWeak := strings.HasPrefix(value, "W/")
			value = strings.TrimPrefix(value, "W/")
			if !strings.HasPrefix(value, `"`) {
				break // no entity tag: what follows cannot be told apart
			}
			end := strings.IndexByte(value[1:], '"')
			if end < 0 {
				break
			}
			candidate := value[:end+2]
			value = value[end+2:]
			if sameTag(candidate, tag) && (weak || !isWeak) {
				return true
			}
		}
	}
	return false
}

func sameTag(candidate, tag string) bool {
	return candidate == tag || candidate == codedTag(tag, codingGzip) || candidate == codedTag(tag, codingZstd)
}
