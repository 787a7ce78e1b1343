// Package archtest holds the rules of the house: who may import whom, what is
// called only at home, which libraries there are. It has nothing but tests.
package archtest
