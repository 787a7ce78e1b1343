package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"watchparty/internal/id"
)

const (
	tokenIssuer   = "watchparty"
	tokenAudience = "watchparty:access"
	tokenType     = "at+jwt"
	accessTTL     = 15 * time.Minute
	maxToken      = 2048 // bytes
)

type claims struct {
	jwt.RegisteredClaims
	Session id.Session `json:"sid"`
}

// signAccess makes the access token of a session. It names the person and the
// session and holds no rights: those are looked up.
func signAccess(key []byte, u id.User, s id.Session, now time.Time) (Secret, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: tokenIssuer, Audience: jwt.ClaimStrings{tokenAudience}, Subject: string(u),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(accessTTL)),
		},
		Session: s,
	})
	t.Header["typ"] = tokenType
	text, err := t.SignedString(key)
	return Secret(text), err
}

// parseAccess checks an access token and gives whom and which session it
// names. Anything but a token as signAccess makes it is ErrToken: another
// algorithm or type, a header with more than it needs, a missing claim.
func parseAccess(key []byte, text string, now time.Time) (id.User, id.Session, error) {
	if text == "" || len(text) > maxToken {
		return "", "", ErrToken
	}
	var c claims
	t, err := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(tokenIssuer), jwt.WithAudience(tokenAudience),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(),
		jwt.WithStrictDecoding(), jwt.WithTimeFunc(func() time.Time { return now }),
	).ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) {
		if len(t.Header) != 2 || t.Header["typ"] != tokenType {
			return nil, ErrToken
		}
		return key, nil
	})
	if err != nil || !t.Valid || len(c.Audience) != 1 {
		return "", "", ErrToken.Because(err)
	}
	u, err := id.Parse[id.User](c.Subject)
	if err != nil {
		return "", "", ErrToken
	}
	s, err := id.Parse[id.Session](string(c.Session))
	if err != nil {
		return "", "", ErrToken
	}
	return u, s, nil
}

// hashToken is how opaque tokens are kept: they have 256 bits of their own, so
// a plain hash is enough, and it finds the row.
func hashToken(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// successor is the one refresh token that follows another. It is computed and
// not drawn, so that parallel refreshes on any node give the same answer
// without a token being kept anywhere.
func successor(key []byte, refresh string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(refresh))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
