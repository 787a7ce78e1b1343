package rest_test

import (
	"strings"
	"testing"
)

func TestFriendsFromSearchToEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ana, _, anaID := s.signUp("ana")
	bob, _, bobID := s.signUp("bob")
	r := s.want(200, ana, "GET", "/api/users/search/?q=bo", "")
	if r.at("count") != 1.0 || r.text("results.0.id") != bobID || r.text("results.0.friendship") != "none" || strings.Contains(r.raw, "example.com") {
		t.Fatalf("%s", r.raw)
	}
	r = s.want(201, ana, "POST", "/api/users/"+bobID+"/friend-request/", `{"message":"Hi"}`)
	if r.text("friendship") != "sent" || r.at("success") != true {
		t.Errorf("%s", r.raw)
	}
	s.want(200, ana, "POST", "/api/users/"+bobID+"/friend-request", "")
	r = s.want(200, bob, "GET", "/api/users/friends/requests/", "")
	if r.at("received_count") != 1.0 || r.at("sent_count") != 0.0 || r.text("received.0.user.id") != anaID || r.text("received.0.message") != "Hi" {
		t.Fatalf("%s", r.raw)
	}
	request := r.text("received.0.id")
	s.want(404, ana, "POST", "/api/users/friend-requests/"+request+"/accept/", "")
	s.want(200, bob, "POST", "/api/users/friend-requests/"+request+"/accept/", "")
	r = s.want(200, ana, "GET", "/api/users/friends/", "")
	if r.at("count") != 1.0 || r.text("results.0.id") != bobID || r.text("results.0.friendship_id") != request || r.at("results.0.is_online") != true {
		t.Errorf("%s", r.raw)
	}
	r = s.want(200, bob, "GET", "/api/users/"+anaID+"/profile/", "")
	if r.text("friendship") != "friends" || r.at("mutual_friends_count") != 0.0 || r.text("date_joined") == "" || strings.Contains(r.raw, "example.com") {
		t.Errorf("%s", r.raw)
	}
	s.want(200, ana, "DELETE", "/api/users/friends/"+bobID+"/", "")
	if r = s.want(200, bob, "GET", "/api/users/friends/", ""); r.at("count") != 0.0 {
		t.Errorf("%s", r.raw)
	}
	if r = s.want(201, ana, "POST", "/api/users/"+bobID+"/friend-request/", ""); r.text("friendship") != "sent" {
		t.Errorf("%s", r.raw)
	}
	if r = s.want(200, bob, "POST", "/api/users/"+anaID+"/friend-request/", ""); r.text("friendship") != "friends" {
		t.Errorf("crossing: %s", r.raw)
	}
}

func TestBlockedPeopleDoNotExistForEachOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ana, _, anaID := s.signUp("ana")
	bob, _, bobID := s.signUp("bob")
	nobody := s.want(404, bob, "GET", "/api/users/00000000-0000-7000-8000-000000000000/profile/", "")
	s.want(200, ana, "POST", "/api/users/"+bobID+"/block/", "")
	hidden := s.want(404, bob, "GET", "/api/users/"+anaID+"/profile/", "")
	if bare(hidden) != bare(nobody) {
		t.Errorf("%s\n%s", hidden.raw, nobody.raw)
	}
	s.want(404, bob, "POST", "/api/users/"+anaID+"/friend-request/", "")
	if r := s.want(200, bob, "GET", "/api/users/search/?q=ana", ""); r.at("count") != 0.0 {
		t.Errorf("%s", r.raw)
	}
	if r := s.want(200, ana, "GET", "/api/users/blocked/", ""); r.at("count") != 1.0 || r.text("results.0.id") != bobID {
		t.Errorf("%s", r.raw)
	}
	s.want(200, ana, "POST", "/api/users/"+bobID+"/unblock/", "")
	s.want(200, bob, "GET", "/api/users/"+anaID+"/profile/", "")
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	viewer, _, _ := s.signUp("viewer")
	for _, n := range []string{"filmone", "filmtwo", "filmthree"} {
		s.signUp(n)
	}
	r := s.want(200, viewer, "GET", "/api/users/search/?q=film&page_size=2", "")
	if r.at("count") != 3.0 || r.at("previous") != nil || r.text("next") != home+"/api/users/search/?page=2&page_size=2&q=film" {
		t.Fatalf("%s", r.raw)
	}
	r = s.want(200, viewer, "GET", strings.TrimPrefix(r.text("next"), home), "")
	if r.at("results.0") == nil || r.at("results.1") != nil || r.at("next") != nil || r.text("previous") == "" {
		t.Errorf("%s", r.raw)
	}
	if r := s.want(200, viewer, "GET", "/api/users/search/?q=film&limit=1", ""); r.at("results.1") != nil || r.at("next") == nil {
		t.Errorf("%s", r.raw)
	}
	s.want(404, viewer, "GET", "/api/users/search/?q=film&page=3&page_size=2", "")
	if r := s.want(400, viewer, "GET", "/api/users/search/?q=film&page_size=101", ""); r.at("errors.page_size") == nil {
		t.Errorf("%s", r.raw)
	}
}
