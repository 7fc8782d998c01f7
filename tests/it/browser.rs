//! The page in a real browser.

use std::time::Duration;

use fantoccini::{Client, Locator};

use crate::chrome::Chrome;
use crate::world::World;

const EMAIL: &str = "alice@example.com";
const PATIENCE: Duration = Duration::from_secs(30);

/// The text of an element, once it is there.
async fn text(browser: &Client, css: &str) -> String {
    let found = browser
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::Css(css))
        .await;
    match found {
        Ok(element) => element.text().await.unwrap(),
        Err(error) => panic!("no {css}: {error}\n{}", browser.source().await.unwrap()),
    }
}

/// Waits for one of the page's views.
async fn view(browser: &Client, name: &str) {
    text(browser, &format!("main[data-view={name}]")).await;
}

async fn click(browser: &Client, css: &str) {
    text(browser, css).await;
    browser
        .find(Locator::Css(css))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
}

async fn enter_address(browser: &Client, email: &str) {
    text(browser, "#email").await;
    let input = browser.find(Locator::Css("#email")).await.unwrap();
    input.clear().await.unwrap();
    input.send_keys(email).await.unwrap();
    click(browser, "#submit").await;
}

async fn type_code(browser: &Client, code: &str) {
    let input = browser.find(Locator::Css("#code")).await.unwrap();
    input.clear().await.unwrap();
    input.send_keys(code).await.unwrap();
    click(browser, "#submit-code").await;
}

/// What the address bar and the history show of a link.
async fn is_clean(browser: &Client, secret: &str) {
    let url = browser.current_url().await.unwrap();
    assert_eq!((url.path(), url.fragment()), ("/", None));
    browser.back().await.unwrap();
    assert!(
        !browser
            .current_url()
            .await
            .unwrap()
            .as_str()
            .contains(secret)
    );
    browser.forward().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_codes_sign_in_through_the_page() {
    let world = World::unthrottled();
    let deployed = world.json("deploy --local --stage browser");
    world.json("user add alice@example.com --name Alice --local --stage browser");
    let url = deployed["outputs"]["SiteUrl"].as_str().unwrap();
    let chrome = Chrome::start();

    // The browser that asked goes straight in.
    let same = chrome.browser().await;
    same.goto(url).await.unwrap();
    enter_address(&same, EMAIL).await;
    view(&same, "check-mail").await;
    assert!(text(&same, "#lead").await.contains(EMAIL));
    let link = world.mail(1).await["links"][0].as_str().unwrap().to_owned();
    same.goto(&link).await.unwrap();
    view(&same, "signed-in").await;
    assert_eq!(text(&same, "#who-email").await, EMAIL);
    assert_eq!(text(&same, "#who-name").await, "Alice");
    is_clean(&same, link.split_once('#').unwrap().1).await;

    // It stays signed in over a reload, and signs out.
    same.goto(url).await.unwrap();
    view(&same, "signed-in").await;
    click(&same, "#sign-out").await;
    view(&same, "ask-address").await;

    // Another browser has to say whose the link is, and a used link says so.
    let other = chrome.browser().await;
    other.goto(&link).await.unwrap();
    view(&other, "confirm-address").await;
    enter_address(&other, EMAIL).await;
    view(&other, "link-refused").await;

    // A fresh link: the wrong address burns nothing, the right one goes in. `%23` is a `#` too.
    click(&other, "#new-link").await;
    view(&other, "check-mail").await;
    let link = world.mail(2).await["links"][0]
        .as_str()
        .unwrap()
        .replace('#', "%23");
    let stranger = chrome.browser().await;
    stranger.goto(&link).await.unwrap();
    view(&stranger, "confirm-address").await;
    enter_address(&stranger, "mallory@example.com").await;
    view(&stranger, "link-refused").await;
    click(&stranger, "#other-address").await;
    enter_address(&stranger, EMAIL).await;
    view(&stranger, "signed-in").await;
    assert_eq!(text(&stranger, "#who-email").await, EMAIL);
    click(&stranger, "#sign-out-everywhere").await;
    view(&stranger, "ask-address").await;

    // Where no link can be opened, the code of the same mail is typed.
    enter_address(&stranger, EMAIL).await;
    view(&stranger, "check-mail").await;
    let mail = world.mail(3).await;
    let digits = |line: &&str| line.len() == 8 && line.bytes().all(|b| b.is_ascii_digit());
    let code = mail["text"]
        .as_str()
        .unwrap()
        .lines()
        .map(str::trim)
        .find(digits)
        .unwrap();
    let code = code.to_owned();
    let wrong = format!("{:08}", (code.parse::<u32>().unwrap() + 1) % 100_000_000);
    type_code(&stranger, &wrong).await;
    assert!(
        text(&stranger, "#code-problem .problem:not(:empty)")
            .await
            .contains("This code is wrong")
    );
    type_code(&stranger, &format!("{} {}", &code[..4], &code[4..])).await;
    view(&stranger, "signed-in").await;

    for browser in [same, other, stranger] {
        browser.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_user_signs_in_through_the_page_without_a_mail() {
    let world = World::unthrottled();
    let deployed = world.json("deploy --local --stage browser");
    world.json("user add demo@example.com --name Demo --test --local --stage browser");
    let chrome = Chrome::start();
    let browser = chrome.browser().await;
    let url = deployed["outputs"]["SiteUrl"].as_str().unwrap();
    browser.goto(url).await.unwrap();
    enter_address(&browser, "demo@example.com").await;
    view(&browser, "test-link").await;
    let link = browser.find(Locator::Css("#test-link")).await.unwrap();
    let link = link.attr("href").await.unwrap().unwrap();
    // The page knows the address and does not ask for it again.
    click(&browser, "#test-link").await;
    view(&browser, "signed-in").await;
    assert_eq!(text(&browser, "#who-name").await, "Demo");
    is_clean(&browser, link.split_once('#').unwrap().1).await;
    assert!(world.mails().is_empty());
    browser.close().await.unwrap();
}
