//! Mail, from what happened to what a mail server takes.

use std::path::PathBuf;
use std::time::Duration;

use http::{Method, StatusCode};
use otary_fleet::notice::{Dispatch, Progress};
use otary_server::notify::{MailError, MailRules, Mailer, Security};
use otary_server::operator::MailView;

use crate::office::Office;
use crate::sink::{Sink, Way};

/// Rules for a sink, whose certificate and whose account's password lie in this folder.
fn rules(sink: &Sink, security: Security, folder: &tempfile::TempDir) -> MailRules {
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    MailRules {
        host: "localhost".into(),
        port: Some(sink.address.port()),
        security,
        user: Some("otary".into()),
        password_file: Some(file("password", "s3cret\n")),
        ca_file: Some(file("ca.pem", &sink.certificate)),
        from: "otary <otary@example.org>".into(),
        to: vec!["Ann <ann@example.org>".into(), "bob@example.org".into()],
    }
}

fn office(way: Way, security: Security) -> (Office, Sink, tempfile::TempDir) {
    let (sink, folder) = (Sink::start(way), tempfile::tempdir().unwrap());
    let mailer = Mailer::new(rules(&sink, security, &folder)).unwrap();
    (Office::with_mail(mailer), sink, folder)
}

#[tokio::test]
async fn a_stopped_campaign_is_read_by_mail_with_tls_and_the_password_under_it() {
    for (way, security) in [(Way::Starttls, Security::Starttls), (Way::Implicit, Security::Implicit)] {
        let (office, sink, _folder) = office(way, security);
        office.work().await;
        office.clock.advance(Duration::from_mins(1));
        office.stop_a_campaign("0.2");
        office.work().await;
        let mails = sink.mails();
        assert_eq!(mails.len(), 1, "the audit log's head is for machines: {mails:#?}");
        let mail = &mails[0];
        assert!(mail.secured);
        // RFC 4616: NUL, user, NUL, password.
        assert_eq!(mail.account.as_deref(), Some("AG90YXJ5AHMzY3JldA=="));
        assert!(mail.from.contains("<otary@example.org>"), "{mail:?}");
        assert!(
            mail.to[0].contains("<ann@example.org>") && mail.to[1].contains("<bob@example.org>"),
            "{mail:?}"
        );
        for part in [
            "Subject: otary: campaign 1 stopped",
            "Auto-Submitted: auto-generated\r\n",
            "otary release withdraw lamp 0.2",
            "Next: otary campaign show 1",
            "The audit log's last entry: ",
        ] {
            assert!(mail.text.contains(part), "no {part} in\n{}", mail.text);
        }
        let view: MailView = office.read(Method::GET, "/mail", ()).await;
        assert!(matches!(view.deliveries[0].state, Progress::Delivered { .. }), "{view:?}");
    }
}

#[tokio::test]
async fn no_text_of_a_release_adds_a_header_or_a_receiver() {
    let (office, sink, _folder) = office(Way::Starttls, Security::Starttls);
    office.work().await;
    office.clock.advance(Duration::from_mins(1));
    office.stop_a_campaign("0.2\r\nBcc: eve@example.org\r\n\r\nSend money\r\n.\r\nRCPT TO:<eve@example.org>");
    office.work().await;
    let mails = sink.mails();
    assert_eq!((mails.len(), mails[0].to.len()), (1, 2), "{mails:#?}");
    let (head, _) = mails[0].text.split_once("\r\n\r\n").unwrap();
    let names: Vec<&str> = head
        .split("\r\n")
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert!(!names.contains(&"Bcc"), "{head}");
    assert_eq!(names.iter().filter(|name| **name == "Subject").count(), 1, "{head}");
}

#[tokio::test]
async fn a_server_that_is_not_trusted_or_speaks_no_tls_gets_nothing() {
    let (stranger, folder) = (Sink::start(Way::Starttls), tempfile::tempdir().unwrap());
    let other = Sink::start(Way::Plain);
    let distrusting = MailRules {
        ca_file: rules(&other, Security::Starttls, &folder).ca_file,
        ..rules(&stranger, Security::Starttls, &tempfile::tempdir().unwrap())
    };
    std::fs::write(folder.path().join("ca.pem"), &other.certificate).unwrap();
    for (rules, sink) in [(distrusting, &stranger), (rules(&other, Security::Starttls, &folder), &other)] {
        let office = Office::with_mail(Mailer::new(rules).unwrap());
        let tried: Dispatch = office.read(Method::POST, "/mail/test", ()).await;
        assert!(matches!(tried.state, Progress::GivenUp { .. }), "{tried:?}");
        assert!(sink.mails().is_empty());
    }
}

#[tokio::test]
async fn what_a_mail_server_puts_off_is_tried_again_and_what_it_refuses_is_not() {
    let (office, sink, _folder) = office(Way::Starttls, Security::Starttls);
    office.work().await;
    office.clock.advance(Duration::from_mins(1));
    office.stop_a_campaign("0.2");
    sink.answers("451 later");
    office.work().await;
    office.clock.advance(Duration::from_secs(10));
    sink.answers("554 never");
    office.work().await;
    office.clock.advance(Duration::from_hours(9));
    office.work().await;
    assert_eq!(sink.mails().len(), 2);
    let view: MailView = office.read(Method::GET, "/mail", ()).await;
    assert!(matches!(view.deliveries[0].state, Progress::GivenUp { .. }), "{view:?}");
    assert!(view.deliveries[0].said.as_deref().unwrap().contains("never"), "{view:?}");
}

#[tokio::test]
async fn without_settings_there_is_no_mail_and_wrong_ones_are_told_at_once() {
    let (status, said) = Office::new().ask(Method::POST, "/mail/test", ()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(said.contains("mail.server"), "{said}");
    let (sink, folder) = (Sink::start(Way::Plain), tempfile::tempdir().unwrap());
    let rules = rules(&sink, Security::None, &folder);
    let refused = |rules: MailRules| Mailer::new(rules).unwrap_err();
    assert!(matches!(refused(rules.clone()), MailError::PasswordInTheClear));
    let elsewhere = MailRules { user: None, host: "mail.example.org".into(), ..rules.clone() };
    assert!(matches!(refused(elsewhere), MailError::NotThisMachine { .. }));
    assert!(matches!(
        refused(MailRules { from: "nobody".into(), ..rules.clone() }),
        MailError::Address { .. }
    ));
    assert!(matches!(refused(MailRules { to: Vec::new(), ..rules }), MailError::NoReceiver));
}
