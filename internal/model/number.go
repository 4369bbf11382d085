package model

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// number is a decimal literal taken apart without rounding: digits times ten
// to the exponent. digits has neither leading nor trailing zeros; of zero it
// is empty.
type number struct {
	negative bool
	digits   string
	exponent int
}

// parseNumber reads a number in JSON's grammar (RFC 8259 section 6).
func parseNumber(text string) (number, bool) {
	rest, negative := strings.CutPrefix(text, "-")
	whole, rest := leadingDigits(rest)
	if whole == "" || whole[0] == '0' && len(whole) > 1 {
		return number{}, false
	}
	fraction := ""
	if after, found := strings.CutPrefix(rest, "."); found {
		if fraction, rest = leadingDigits(after); fraction == "" {
			return number{}, false
		}
	}
	exponent, ok := parseExponent(rest)
	if !ok {
		return number{}, false
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent -= len(fraction)
	significant := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(significant)
	if significant == "" {
		return number{}, true
	}
	return number{negative: negative, digits: significant, exponent: exponent}, true
}

// parseExponent reads "", "e5" or "E-12". Beyond a million it saturates, which
// no type can hold either way.
func parseExponent(text string) (int, bool) {
	if text == "" {
		return 0, true
	}
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	unsigned := strings.TrimPrefix(text[1:], "+")
	if unsigned == text[1:] {
		unsigned = strings.TrimPrefix(unsigned, "-")
	}
	digits, rest := leadingDigits(unsigned)
	if digits == "" || rest != "" {
		return 0, false
	}
	const most = 1_000_000
	size, err := strconv.Atoi(digits)
	if err != nil || size > most {
		size = most
	}
	if text[1] == '-' {
		size = -size
	}
	return size, true
}

func leadingDigits(text string) (digits, rest string) {
	end := 0
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	return text[:end], text[end:]
}

// integer is the number as a whole number of so many bits; false when it is
// none or does not fit.
func (n number) integer(bits int) (int64, bool) {
	if n.digits == "" {
		return 0, true
	}
	const longest = 19 // digits of the largest int64
	if n.exponent < 0 || len(n.digits)+n.exponent > longest {
		return 0, false
	}
	text := n.digits + strings.Repeat("0", n.exponent)
	if n.negative {
		text = "-" + text
	}
	value, err := strconv.ParseInt(text, 10, bits)
	return value, err == nil
}

// scanDuration reads an ISO 8601 duration of days, hours, minutes and seconds,
// of which only the seconds may have a fraction. Years, months and weeks have
// no place: the first two are no fixed time.
func (f *Field) scanDuration(text string) (any, *fault) {
	rest, negative := strings.CutPrefix(text, "-")
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok {
		return nil, f.mistypedText(text)
	}
	days, clock, hasClock := strings.Cut(rest, "T")
	total, parts := int64(0), 0
	read := func(from, unit string, micros int64) string {
		digits, after := leadingDigits(from)
		if digits == "" || !strings.HasPrefix(after, unit) {
			return from
		}
		count, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || count > math.MaxInt64/1000/micros {
			total = math.MaxInt64
		}
		if total != math.MaxInt64 {
			total += count * micros
		}
		parts++
		return after[len(unit):]
	}
	const second = int64(time.Second / time.Microsecond)
	days = read(days, "D", 24*3600*second)
	datesOnly := parts
	clock = read(clock, "H", 3600*second)
	clock = read(clock, "M", 60*second)
	whole, micros := splitSeconds(clock)
	clock = read(whole, "S", second)
	if days != "" || clock != "" || parts == 0 || hasClock && parts == datesOnly {
		return nil, f.mistypedText(text)
	}
	const most = int64(math.MaxInt64 / time.Microsecond)
	if total > most-micros {
		return nil, faultf("range", "expected a duration of at most 292 years, got %q", shorten(text))
	}
	total += micros
	if negative {
		total = -total
	}
	return time.Duration(total) * time.Microsecond, nil
}

// splitSeconds takes the fraction out of "1.5S": "1S" and its microseconds.
// What is no such text comes back as it is.
func splitSeconds(text string) (whole string, micros int64) {
	digits, rest := leadingDigits(text)
	fraction, hasPoint := strings.CutPrefix(rest, ".")
	decimals, unit := leadingDigits(fraction)
	if !hasPoint || digits == "" || decimals == "" || unit != "S" {
		return text, 0
	}
	micros, _ = strconv.ParseInt((decimals + "000000")[:6], 10, 64)
	return digits + unit, micros
}
